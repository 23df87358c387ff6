//! What the gateway tells a script of the notifications it received: `GET /notices/{org_no}`, of
//! test institutions only: `docs/contracts/notices.md`.

use serde::{Deserialize, Serialize};

/// The answer, newest first. `?hosp_out_trade_no=` narrows it to one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notices {
    /// The notices; no personal data.
    pub notices: Vec<Notice>,
}

/// One notice, however often it was delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// 诊疗单 id.
    pub med_trans_id: String,
    /// 医院订单号.
    pub hosp_out_trade_no: String,
    /// 支付方式 1, 2 or 3.
    pub pay_type: i64,
    /// Fen.
    pub total_fee: i64,
    /// Fen.
    pub cash_fee: i64,
    /// Fen.
    pub insurance_fee: i64,
    /// `yyyyMMddHHmmss`.
    pub time_end: String,
    /// How often it came.
    pub deliveries: i64,
    /// [`Notice::ACKNOWLEDGED`] or [`Notice::REFUSED`].
    pub state: String,
    /// Why it was refused; empty if it was not.
    #[serde(default)]
    pub reason: String,
}

impl Notice {
    /// Recorded, and answered with SUCCESS each time.
    pub const ACKNOWLEDGED: &'static str = "acknowledged";
    /// Rightly signed, but its facts cannot be; kept, and answered with FAIL each time.
    pub const REFUSED: &'static str = "refused";
}
