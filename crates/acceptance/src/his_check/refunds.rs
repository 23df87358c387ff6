//! Refunds, asked for by the gateway itself, so that the HIS grants them.

use super::books::lines_of;
use super::caller::{Caller, Fault, ensure};
use medpay_domain::{Fen, HospOutRefundNo};
use medpay_wire::his::bills::{BillState, ConfirmBill, FindBill};
use medpay_wire::his::refunds::{AskedBy, ConfirmRefund, GrantRefund, RefundOutcome};

/// Asks for the refund of a payment, and answers its number.
async fn granted(caller: &Caller, paid: &ConfirmBill) -> Result<HospOutRefundNo, Fault> {
    let ask = GrantRefund {
        hosp_out_trade_no: paid.hosp_out_trade_no.clone(),
        bill_no: paid.bill_no.clone(),
        hosp_out_refund_no: caller.refund_no(),
        by: AskedBy::System,
        reason: "medpay his-check".into(),
    };
    let key = caller.number();
    let first = caller.command(&key, &ask).await?;
    let again = caller.command(&key, &ask).await?;
    ensure(first == again, || "the same key was granted other cancel numbers".into())?;
    Ok(ask.hosp_out_refund_no)
}

fn ended(
    caller: &Caller,
    paid: &ConfirmBill,
    refund: HospOutRefundNo,
    outcome: RefundOutcome,
) -> ConfirmRefund {
    let back = outcome == RefundOutcome::Refunded;
    ConfirmRefund {
        hosp_out_trade_no: paid.hosp_out_trade_no.clone(),
        hosp_out_refund_no: refund,
        outcome,
        cash_fen: if back { paid.cash_fen } else { Fen::default() },
        insurance_fen: Fen::default(),
        ended_at: caller.target().clock.now(),
    }
}

pub(super) async fn a_refund_is_granted_and_told_once(caller: &Caller) -> Result<(), Fault> {
    let (_, paid, _) = caller.paid().await?;
    let refund = granted(caller, &paid).await?;
    let told = ended(caller, &paid, refund, RefundOutcome::Refunded);
    caller.command(&caller.number(), &told).await?;
    caller.command(&caller.number(), &told).await?;
    let lines = lines_of(caller, &paid.hosp_out_trade_no).await?;
    let [line] = &lines[..] else {
        return Err(Fault::Contradiction(format!(
            "list_day has the refunded payment {} times",
            lines.len()
        )));
    };
    ensure(line.refunded && line.cash_refunded_fen == paid.cash_fen, || {
        "list_day does not say what went back, once".into()
    })?;
    let bill = caller.ask(&FindBill { bill_no: paid.bill_no }).await?;
    ensure(bill.state == BillState::Refunded, || "a refunded bill does not say so".into())
}

pub(super) async fn a_refund_that_failed_leaves_the_bill_paid(
    caller: &Caller,
) -> Result<(), Fault> {
    let (_, paid, _) = caller.paid().await?;
    let refund = granted(caller, &paid).await?;
    let told = ended(caller, &paid, refund, RefundOutcome::Failed);
    caller.command(&caller.number(), &told).await?;
    let bill = caller.ask(&FindBill { bill_no: paid.bill_no.clone() }).await?;
    ensure(bill.state == BillState::Paid, || {
        "the bill of a refund that failed should stay paid".into()
    })?;
    // Afterwards it can be asked for again.
    granted(caller, &paid).await.map(|_| ())
}
