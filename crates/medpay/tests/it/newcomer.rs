//! What a newcomer does who has just opened the phone's page, and only by tapping: from following a
//! hospital to a paid mixed order, and its refund.

use crate::browser::Browser;
use crate::town::{Town, on_both_engines};

/// As wide as a desk's screen: the drawn phone and what stands beside it.
const DESK: u32 = 1280;

/// The phone on the desk.
struct Newcomer {
    desk: Browser,
}

impl Newcomer {
    async fn sits_down(town: &Town) -> anyhow::Result<Self> {
        let desk = Browser::start(town.transport(), DESK).await?;
        desk.open(&format!("{}/phone", town.ready().sandbox_url)).await?;
        desk.look("phone-desk", &["从这里开始", "模拟环境", "测试时钟"]).await?;
        desk.tap("button[value=wei]").await?;
        Ok(Self { desk })
    }

    /// Into the phone's own screen.
    async fn screen(&self) -> anyhow::Result<()> {
        self.desk.leave_frames().await?;
        self.desk.enter_frame("iframe[name=screen]").await
    }

    /// Into the page that the phone shows.
    async fn page(&self) -> anyhow::Result<()> {
        self.screen().await?;
        self.desk.enter_frame("iframe[name=page]").await
    }

    /// Taps in the page and waits until the page says `then`.
    async fn tap(&self, words: &str, then: &str) -> anyhow::Result<()> {
        self.page().await?;
        self.desk.until_says(&[words]).await?;
        self.desk.tap_words(words).await?;
        self.says(then).await
    }

    async fn says(&self, words: &str) -> anyhow::Result<()> {
        for _ in 0..2_000 {
            self.page().await?;
            if self.desk.text().await?.contains(words) {
                return Ok(());
            }
        }
        self.desk.until_says(&[words]).await
    }

    /// The button in the phone's own bar.
    async fn fill_in(&self, then: &str) -> anyhow::Result<()> {
        self.screen().await?;
        self.desk.tap_words("代填").await?;
        self.says(then).await
    }

    async fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.desk.leave_frames().await?;
        self.desk.look(name, &["病人的手机"]).await
    }
}

async fn a_newcomer_gets_from_following_to_a_refund_by_tapping(town: &Town) -> anyhow::Result<()> {
    let newcomer = Newcomer::sits_down(town).await?;
    let desk = &newcomer.desk;
    newcomer.screen().await?;
    desk.tap_words("通讯录").await?;
    desk.tap_words("云杉市第一人民医院").await?;
    desk.tap("button[type=submit]").await?;
    desk.until_says(&["欢迎关注云杉市第一人民医院"]).await?;
    newcomer.picture("phone-welcome").await?;

    // The visit card, without typing: bind, consent, come back.
    newcomer.screen().await?;
    desk.tap_words("添加就诊卡").await?;
    newcomer.tap("社保实名授权（免填写）", "去授权").await?;
    newcomer.tap("去授权", "社保卡号").await?;
    newcomer.fill_in("已添加 魏知秋 的就诊卡").await?;
    newcomer.picture("phone-visit-card").await?;

    // A bill that insurance and cash pay together.
    newcomer.tap("门诊缴费", "可用医保").await?;
    newcomer.tap("门诊缴费（药品）", "确认缴费").await?;
    newcomer.tap("去支付", "支付密码").await?;
    newcomer.picture("phone-cashier").await?;
    newcomer.fill_in("支付成功").await?;
    newcomer.says("医院已确认").await?;
    let text = desk.text().await?;
    assert!(text.contains("医保支付") && text.contains("现金支付"), "not a mixed order: {text}");
    newcomer.picture("phone-paid").await?;

    // And back again.
    newcomer.tap("申请退款", "退款").await?;
    desk.tap("form button[type=submit]").await?;
    newcomer.says("已退款").await?;
    newcomer.picture("phone-refunded").await?;
    Ok(())
}

on_both_engines!(a_newcomer_gets_from_following_to_a_refund_by_tapping);
