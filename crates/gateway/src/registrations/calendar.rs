//! Days as patients read them.

use medpay_domain::Day;

/// `6月1日 周一`, and whether it is today or tomorrow.
pub(super) fn words(day: Day, today: Day) -> String {
    let civil = day.start().civil();
    let weekday = ["一", "二", "三", "四", "五", "六", "日"];
    let at = usize::try_from(civil.weekday().to_monday_zero_offset()).unwrap_or_default();
    let near = if day == today {
        "（今天）"
    } else if day == today.next() {
        "（明天）"
    } else {
        ""
    };
    let weekday = weekday.get(at).copied().unwrap_or_default();
    format!("{}月{}日 周{weekday}{near}", civil.month(), civil.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_with_its_weekday() {
        let day = |text: &str| Day::from_wire(text).expect("a day");
        let today = day("20260601");
        assert_eq!(words(today, today), "6月1日 周一（今天）");
        assert_eq!(words(day("20260602"), today), "6月2日 周二（明天）");
        assert_eq!(words(day("20260607"), today), "6月7日 周日");
    }
}
