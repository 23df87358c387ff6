//! What a demo is made of: three invented hospitals with test credentials, and the configuration
//! files of the three services.

use crate::config::{
    Environment, GATEWAY, GatewayConfiguration, PLATFORM, PlatformConfiguration, SANDBOX,
    SandboxConfiguration, read_file,
};
use anyhow::Context as _;
use medpay_domain::Entropy;
use medpay_gateway::account::SESSION_COOKIE;
use medpay_gateway::messages::Kind;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A town in a data folder.
#[derive(Debug)]
pub struct Town {
    /// Where everything is kept.
    pub data: PathBuf,
    port_base: u16,
    on_postgres: bool,
}

/// An invented hospital of the demo. Its secrets are in files of the data folder.
#[derive(Debug, Clone, Copy)]
pub struct Hospital {
    /// Its short word, which names its secret files.
    pub word: &'static str,
    /// Its name, as patients read it.
    pub name: &'static str,
    /// 医疗机构编码.
    pub org_no: &'static str,
    /// Its city.
    pub city_id: &'static str,
    /// The calling account.
    pub appid: &'static str,
    /// Whether that is a mini-program.
    pub mini_program: bool,
    /// 商户号 whose key signs.
    pub mch_id: &'static str,
    /// Under a service provider: its own account and 商户号.
    pub sub: Option<(&'static str, &'static str)>,
    /// Whether the gateway serves its patients, and the sandbox plays its HIS.
    pub patients: bool,
}

/// One in independent mode that calls from H5, one under a service provider, and one that calls
/// from a mini-program, in a city whose dialect is not known.
pub(super) const HOSPITALS: [Hospital; 3] = [
    Hospital {
        word: "yunshan",
        name: "云杉市第一人民医院（模拟）",
        org_no: "H44030000001",
        city_id: "440300",
        appid: "wxtest000000000001",
        mini_program: false,
        mch_id: "1900000101",
        sub: None,
        patients: true,
    },
    Hospital {
        word: "haitang",
        name: "海棠区中医院（模拟）",
        org_no: "H44030000002",
        city_id: "440300",
        appid: "wxtest000000000002",
        mini_program: false,
        mch_id: "1900000201",
        sub: Some(("wxtest000000000003", "1900000202")),
        patients: true,
    },
    Hospital {
        word: "baihe",
        name: "白鹤市妇幼保健院（模拟）",
        org_no: "H99990000003",
        city_id: "999900",
        appid: "wxtest000000000004",
        mini_program: true,
        mch_id: "1900000301",
        sub: None,
        patients: false,
    },
];

/// Cities of [`HOSPITALS`] whose bureau gives insurance money back for a year.
const LATE_REVERSAL_CITIES: &str = r#"["999900"]"#;

const SECRETS: &str = "secrets";

/// The visit guide of its hospitals, which may be edited while the town is up.
const GUIDE: &str = "guide.toml";

impl Town {
    /// Makes the town in `data`, or finds it there: credentials are made once and kept, so that a
    /// second run goes on where the first one stopped. Configuration files are written anew.
    pub fn found(
        data: &Path,
        port_base: u16,
        database: Option<&str>,
        entropy: &dyn Entropy,
    ) -> anyhow::Result<Self> {
        let unusable = || format!("the data folder {} is of no use", data.display());
        let secrets = data.join(SECRETS);
        std::fs::create_dir_all(&secrets).with_context(unusable)?;
        let data = data.canonicalize().with_context(unusable)?;
        let town = Self { data, port_base, on_postgres: database.is_some() };
        town.keep("page_key", || entropy.nonce() + &entropy.nonce())?;
        town.keep("digest_key", || entropy.nonce() + &entropy.nonce())?;
        town.keep("gateway_page_key", || entropy.nonce() + &entropy.nonce())?;
        town.keep("gateway_digest_key", || entropy.nonce() + &entropy.nonce())?;
        for hospital in HOSPITALS {
            for what in ["secret", "api_key", "sub_secret", "his_secret", "callback_token"] {
                // The prefix shows that it is a test's; 32 characters in all.
                let secret = || format!("test{}", entropy.nonce().split_at(28).0);
                town.keep(&format!("{}.{what}", hospital.word), secret)?;
            }
            // 43 characters of base64; the last one has only 16 values (PROTOCOL 7.4).
            let aes_key = || entropy.nonce() + &entropy.nonce()[..10] + "A";
            town.keep(&format!("{}.aes_key", hospital.word), aes_key)?;
        }
        if let Some(url) = database {
            write_secret(&town.data.join(SECRETS).join("database_url"), url)?;
        }
        for (file, text) in [
            ("platform.toml", town.platform_toml()),
            ("gateway.toml", town.gateway_toml()),
            ("sandbox.toml", town.sandbox_toml()),
        ] {
            let path = town.data.join(file);
            std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        let guide = town.data.join(GUIDE);
        if !guide.exists() {
            std::fs::write(&guide, medpay_gateway::help::guide::SAMPLE)
                .with_context(|| format!("{} cannot be written", guide.display()))?;
        }
        Ok(town)
    }

    fn keep(&self, name: &str, make: impl FnOnce() -> String) -> anyhow::Result<()> {
        let path = self.data.join(SECRETS).join(name);
        if path.exists() { Ok(()) } else { write_secret(&path, &make()) }
    }

    /// A secret of the town.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        let path = self.data.join(SECRETS).join(name);
        std::fs::read_to_string(&path)
            .with_context(|| format!("the secret {} cannot be read", path.display()))
    }

    /// Whether its databases are on PostgreSQL.
    pub const fn on_postgres(&self) -> bool {
        self.on_postgres
    }

    /// The platform's address.
    pub fn platform_url(&self) -> String {
        self.url(0)
    }

    /// The gateway's address.
    pub fn gateway_url(&self) -> String {
        self.url(100)
    }

    /// The sandbox's address.
    pub fn sandbox_url(&self) -> String {
        self.url(200)
    }

    /// The address of a hospital's pages for patients.
    pub fn pages_url(&self, hospital: &Hospital) -> String {
        format!("{}/h/{}", self.gateway_url(), hospital.org_no)
    }

    /// The address of the HIS that the sandbox plays for a hospital.
    pub fn his_url(&self, hospital: &Hospital) -> String {
        format!("{}/his/{}", self.sandbox_url(), hospital.org_no)
    }

    fn url(&self, above: u16) -> String {
        format!("http://127.0.0.1:{}", self.port_base + above)
    }

    /// The three services' configurations, from the files.
    pub fn configurations(
        &self,
    ) -> anyhow::Result<(PlatformConfiguration, GatewayConfiguration, SandboxConfiguration)> {
        // The demo is what its options say, whatever the environment overrides elsewhere.
        let environment = Environment::new();
        let read = |declaration, file| read_file(declaration, &self.data.join(file), &environment);
        Ok((
            PlatformConfiguration::map(&read(PLATFORM, "platform.toml")?, &environment)?,
            GatewayConfiguration::map(&read(GATEWAY, "gateway.toml")?, &environment)?,
            SandboxConfiguration::map(&read(SANDBOX, "sandbox.toml")?, &environment)?,
        ))
    }

    fn listeners(&self, above: u16) -> String {
        let port = self.port_base + above;
        format!(
            "listen = \"127.0.0.1:{port}\"\noperations_listen = \"127.0.0.1:{}\"\n\
             drain_seconds = 3\n",
            port + 1
        )
    }

    fn database(&self, service: &str) -> String {
        if self.on_postgres {
            format!("database.postgres = \"file:{SECRETS}/database_url\"\n")
        } else {
            format!("database.sqlite = \"{service}.db\"\n")
        }
    }

    fn platform_toml(&self) -> String {
        let (platform, sandbox) = (self.platform_url(), self.sandbox_url());
        let mut text = WRITTEN.to_owned() + &self.listeners(0) + &self.database("platform");
        let _ = write!(
            text,
            "public_url = \"{platform}\"
open_url = \"{sandbox}\"
wechat_url = \"{sandbox}\"
test.bureau_url = \"{sandbox}/bureau\"
test.wallet_url = \"{sandbox}/wallet\"
test.courier_url = \"{sandbox}/courier\"
frame_ancestors = \"{sandbox}\"
clock = \"{sandbox}/clock\"
page_key = \"file:{SECRETS}/page_key\"
digest_key = \"file:{SECRETS}/digest_key\"
"
        );
        for hospital in HOSPITALS {
            let Hospital { word, name, org_no, city_id, appid, mini_program, mch_id, sub, .. } =
                hospital;
            let _ = write!(
                text,
                "\n[[institutions]]
name = \"{name}\"
org_no = \"{org_no}\"
city_id = \"{city_id}\"
environment = \"test\"
appid = \"{appid}\"
secret = \"file:{SECRETS}/{word}.secret\"
mini_program = {mini_program}
mch_id = \"{mch_id}\"
api_key = \"file:{SECRETS}/{word}.api_key\"
"
            );
            if let Some((sub_appid, sub_mch_id)) = sub {
                let _ = write!(
                    text,
                    "sub_mch_id = \"{sub_mch_id}\"
sub_appid = \"{sub_appid}\"
sub_secret = \"file:{SECRETS}/{word}.sub_secret\"
"
                );
            }
            text.push_str(&templates(word));
        }
        text
    }

    fn gateway_toml(&self) -> String {
        let (gateway, platform, sandbox) =
            (self.gateway_url(), self.platform_url(), self.sandbox_url());
        let mut text = WRITTEN.to_owned() + &self.listeners(100) + &self.database("gateway");
        let _ = write!(
            text,
            "public_url = \"{gateway}\"
api_url = \"{platform}\"
open_url = \"{sandbox}\"
frame_ancestors = \"{sandbox}\"
clock = \"{sandbox}/clock\"
page_key = \"file:{SECRETS}/gateway_page_key\"
digest_key = \"file:{SECRETS}/gateway_digest_key\"
"
        );
        for hospital in HOSPITALS {
            let Hospital { word, org_no, appid, mch_id, sub, patients, .. } = hospital;
            let _ = write!(
                text,
                "\n[[institutions]]
org_no = \"{org_no}\"
environment = \"test\"
appid = \"{appid}\"
mch_id = \"{mch_id}\"
api_key = \"file:{SECRETS}/{word}.api_key\"
"
            );
            if let Some((sub_appid, sub_mch_id)) = sub {
                let _ = write!(
                    text,
                    "sub_appid = \"{sub_appid}\"
sub_secret = \"file:{SECRETS}/{word}.sub_secret\"
sub_mch_id = \"{sub_mch_id}\"
commission_bp = 20
"
                );
            }
            if patients {
                text.push_str(&for_patients(&hospital, &sandbox));
            }
        }
        text
    }

    fn sandbox_toml(&self) -> String {
        let mut text = WRITTEN.to_owned() + &self.listeners(200);
        let _ = write!(
            text,
            "public_url = \"{}\"
platform_url = \"{}\"
data_dir = \"sandbox\"
person_cookies = [{}]
late_reversal_cities = {LATE_REVERSAL_CITIES}
",
            self.sandbox_url(),
            self.platform_url(),
            person_cookies()
        );
        for hospital in HOSPITALS {
            let Hospital { word, name, appid, mini_program, mch_id, sub, .. } = hospital;
            let _ = write!(
                text,
                "\n[[accounts]]
appid = \"{appid}\"
name = \"{name}\"
secret = \"file:{SECRETS}/{word}.secret\"
mch_id = \"{mch_id}\"
api_key = \"file:{SECRETS}/{word}.api_key\"
{}",
                templates(word)
            );
            if mini_program {
                let _ = writeln!(text, "mini_pages = \"{}\"", self.platform_url());
            }
            if let Some((sub_appid, _)) = sub {
                let _ = write!(
                    text,
                    "\n[[accounts]]
appid = \"{sub_appid}\"
name = \"{name}\"
secret = \"file:{SECRETS}/{word}.sub_secret\"
{}",
                    templates(word)
                );
            }
            if hospital.patients {
                text.push_str(&own_account(&hospital, &self.gateway_url()));
            }
        }
        for hospital in HOSPITALS.iter().filter(|hospital| hospital.patients) {
            let Hospital { word, name, org_no, city_id, .. } = hospital;
            let _ = write!(
                text,
                "\n[[hospitals]]
org_no = \"{org_no}\"
name = \"{name}\"
city_id = \"{city_id}\"
his_secret = \"file:{SECRETS}/{word}.his_secret\"
gateway_url = \"{}/his/{org_no}\"
",
                self.gateway_url()
            );
        }
        text
    }
}

/// What the gateway needs to serve the patients of a hospital.
fn for_patients(hospital: &Hospital, sandbox: &str) -> String {
    let Hospital { word, name, org_no, city_id, .. } = hospital;
    let mut text = format!(
        "name = \"{name}\"
city_id = \"{city_id}\"
secret = \"file:{SECRETS}/{word}.secret\"
his.url = \"{sandbox}/his/{org_no}\"
his.secret = \"file:{SECRETS}/{word}.his_secret\"
callback.token = \"file:{SECRETS}/{word}.callback_token\"
guide_file = \"{GUIDE}\"
"
    );
    // A newcomer at night wants to see reminders too.
    text.push_str("quiet_from_hour = 0\nquiet_until_hour = 0\n");
    if is_encrypted(hospital) {
        let _ = writeln!(text, "callback.aes_key = \"file:{SECRETS}/{word}.aes_key\"");
        text.push_str("callback.only_encrypted = true\n");
    }
    for kind in Kind::ALL {
        let _ = writeln!(text, "templates.{0} = \"test-{word}-own-{0}\"", kind.word());
    }
    text
}

/// One hospital's account reads plain messages, the other's only encrypted ones.
const fn is_encrypted(hospital: &Hospital) -> bool {
    hospital.sub.is_some()
}

/// What the sandbox knows of the account that a hospital's patients follow.
fn own_account(hospital: &Hospital, gateway: &str) -> String {
    let Hospital { word, org_no, .. } = hospital;
    let mut text = format!(
        "callback.url = \"{gateway}/wechat/{org_no}\"
callback.token = \"file:{SECRETS}/{word}.callback_token\"
"
    );
    if is_encrypted(hospital) {
        let _ = writeln!(text, "callback.encryption = \"safe\"");
        let _ = writeln!(text, "callback.aes_key = \"file:{SECRETS}/{word}.aes_key\"");
    }
    for kind in Kind::ALL {
        let _ = write!(
            text,
            "[[accounts.messages]]
template = \"test-{word}-own-{}\"
content = \"\"\"{}\"\"\"
",
            kind.word(),
            kind.template()
        );
    }
    text
}

/// The gateway's sessions.
fn person_cookies() -> String {
    let hospitals = HOSPITALS.iter().filter(|hospital| hospital.patients);
    let cookies = hospitals.map(|it| format!("\"{SESSION_COOKIE} /h/{}\"", it.org_no));
    cookies.collect::<Vec<_>>().join(", ")
}

const WRITTEN: &str =
    "# Written by `medpay demo` at every start; docs/configuration.md explains each key.\n";

fn templates(word: &str) -> String {
    ["outpatient", "outpatient_discount", "registration", "booking"]
        .map(|kind| format!("templates.{kind} = \"test-{word}-{kind}\"\n"))
        .concat()
}

/// Writes a file that only its owner can read.
fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(secret.as_bytes()));
    written.with_context(|| format!("the secret {} cannot be written", path.display()))
}
