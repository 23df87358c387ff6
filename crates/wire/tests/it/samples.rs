//! One sample of every document, with every field; names and numbers are invented.

use medpay_wire::{ApiKey, Fields, Received, Verified, sign};

/// The key of all samples.
pub(crate) fn key() -> ApiKey {
    ApiKey::new("0123456789abcdef0123456789abcdef").expect("32 characters")
}

/// Signs `fields`, sends them as a document and checks that.
pub(crate) fn verified(mut fields: Fields) -> Verified {
    let key = key();
    sign::sign_into(&mut fields, &key);
    let received = Received::read(fields.to_xml().as_bytes()).expect("well-formed");
    received.verify(&key, true).expect("signed")
}

/// The seed's own `request_content` (选用接口 §1.3), white space included.
pub(crate) const CONTENT: &str = concat!(
    r#"{"registration_order_pay":{"czybm":"H1111","czyxm":" 吴 亮","mzghdj":{"brlx":"","#,
    r#""ghf":"0.01","ghhj":"0.01","ghlb":" 普 通","ksbm":"631","ksmc":" 南 山 肝 病 门 诊","#,
    r#""mzllsh":"1500619843177","ssj":"0","zjzj":"0.01","zsj":"0"},"yljgbm":"H1110","#,
    r#""ylzh":""}}"#
);

const MERCHANT: &[(&str, &str)] = &[
    ("appid", "wx0000000000000001"),
    ("mch_id", "1900000001"),
    ("sub_appid", "wx0000000000000002"),
    ("sub_mch_id", "1900000002"),
];

const PATIENT: &[(&str, &str)] = &[
    ("user_card_type", "1"),
    ("user_card_no", "09eb26e839ff3a2e3980352ae45ef09e"),
    ("user_name", "张三"),
];

const VISIT: &[(&str, &str)] = &[
    ("hosp_out_trade_no", "H20180601000001"),
    ("hospital_name", "示例医院"),
    ("spbill_create_ip", "10.193.0.1"),
    ("body", "挂号费"),
    ("city_id", "440300"),
    ("serial_no", "S0001"),
    ("org_no", "H1110"),
    ("gmt_out_create", "20160501163102"),
    ("request_content", CONTENT),
    ("extends", "{\"a\":\n1}"),
];

const ORDER: &[(&str, &str)] = &[
    ("order_type", "DiagPay"),
    ("total_fee", "23050"),
    ("cash_fee", "3050"),
    ("insurance_fee", "19000"),
    ("cash_add_fee", "50"),
    ("cash_add_wording", "快递费"),
    ("cash_reduced_fee", "1000"),
    ("cash_reduced_wording", "1"),
    ("allow_fee_change", "0"),
    ("notify_url", "https://hospital.example.org/notify"),
    ("pay_type", "3"),
    ("is_dept", "4"),
    ("bill_no", "B0001"),
    ("channel_no", "C01"),
];

const SCAN: &[(&str, &str)] = &[("auth_code", "134650000000000001"), ("token", "T0001")];
const PAYER: &[(&str, &str)] =
    &[("openid", "oTestOpenid0000000000000001"), ("sub_openid", "oTestSub000000000000000001")];
const NONCE: &[(&str, &str)] = &[("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS")];
const QUESTION: &[(&str, &str)] =
    &[("med_trans_id", "4200000000000001"), ("hosp_out_trade_no", "H20180601000001")];
const CARD: &[(&str, &str)] = &[
    ("medical_card_no", "A12345678"),
    ("medical_card_id", "6000000001"),
    ("medical_comp_no", "600000001"),
    ("medical_insurance_type", "1"),
    ("medical_user_id", "MU0000000001"),
];

/// A request with every field of the table. Where fields exclude each other (`sendmsg`), type 3.
pub(crate) fn request(name: &str) -> Fields {
    let parts: &[&[(&str, &str)]] = match name {
        "getmedinfo" => &[
            NONCE,
            &[
                ("openid", "oTestOpenid0000000000000001"),
                ("name", "张三"),
                ("idcard_md5", "09eb26e839ff3a2e3980352ae45ef09e"),
            ],
        ],
        "getbindurl" => &[
            NONCE,
            &[
                ("openid", "oTestOpenid0000000000000001"),
                ("url", "https://hospital.example.org/bound?a=1"),
                ("from", "menu"),
                ("city_id", "440300"),
            ],
        ],
        "preregister" => &[MERCHANT, PAYER, PATIENT, VISIT, NONCE],
        "qrcodepreregister" => &[MERCHANT, SCAN, PATIENT, VISIT, NONCE],
        "sendmsg" => &[
            QUESTION,
            NONCE,
            &[
                ("redirect_url", "https://hospital.example.org/visit"),
                ("mini_path", "pages/visit"),
                ("mini_appid", "wx0000000000000003"),
                ("msg_type", "3"),
                ("first", "您已成功挂号并缴费，\n挂号详细情况如下："),
                ("doctor", "赵五"),
                ("department", "内科门诊"),
                ("hospital", "示例医院"),
                ("visit_time", "2018-6-23 14:00"),
                ("register_no", "3424593"),
                ("discount", "30"),
                ("real_fee", "200.50"),
                ("pre_register_item", "心脏彩超"),
                ("pre_register_time", "2018-6-23 11:00"),
                ("remark", "请及时前往就诊科室。"),
            ],
        ],
        "qrcodegetmedinfo" => &[
            MERCHANT,
            NONCE,
            &[
                ("auth_code", "134650000000000001"),
                ("org_no", "H1110"),
                ("spbill_create_ip", "10.193.0.1"),
            ],
        ],
        "unifiedorder" => &[
            MERCHANT,
            PAYER,
            PATIENT,
            VISIT,
            ORDER,
            NONCE,
            &[("return_url", "http://hospital.example.org/back#/paid")],
        ],
        "qrcodeunifiedorder" => &[MERCHANT, SCAN, PATIENT, VISIT, ORDER, NONCE],
        "orderquery" | "closeorder" => &[MERCHANT, QUESTION, NONCE],
        "refund" => &[
            MERCHANT,
            QUESTION,
            NONCE,
            &[
                ("hosp_out_refund_no", "R20180601000001"),
                ("part_refund_type", "CASH_ONLY"),
                ("cancel_bill_no", "#"),
                ("cancel_serial_no", "186042"),
                ("serial_no", "S0001"),
                ("bill_no", "B0001"),
                ("refund_desc", "医生停诊"),
                ("reason", "停诊"),
                ("request_content", "{}"),
            ],
        ],
        "refundquery" => &[
            MERCHANT,
            QUESTION,
            NONCE,
            &[("med_refund_id", "5000000001"), ("hosp_out_refund_no", "R20180601000001")],
        ],
        "downloadbill" => &[
            MERCHANT,
            NONCE,
            &[("bill_date", "20180601"), ("bill_type", "ALL"), ("tar_type", "GZIP")],
        ],
        _ => panic!("no sample of {name}"),
    };
    parts.iter().flat_map(|part| part.iter().copied()).collect()
}

const SETTLED: &[(&str, &str)] = &[
    ("time_end", "20180601101112"),
    ("pay_type", "3"),
    ("openid", "oTestOpenid0000000000000001"),
    ("sub_openid", "oTestSub000000000000000001"),
    ("total_fee", "23050"),
    ("cash_fee", "3050"),
    ("insurance_fee", "20000"),
    ("serial_no", "S0001"),
    ("medical_card_id", "6000000001"),
    ("response_content", "{\"a\": 1.50}"),
    ("cash_trade_status", "SUCCESS"),
    ("insurance_trade_status", "PAYED"),
    ("insurance_self_fee", "15000"),
    ("insurance_fund_fee", "4000"),
    ("insurance_other_fee", "1000"),
];

/// A successful answer with every field of the table, without the envelope's.
pub(crate) fn reply(name: &str) -> Fields {
    let parts: &[&[(&str, &str)]] = match name {
        "getmedinfo" => &[CARD],
        "getbindurl" => &[&[
            ("bind_url", "https://pay.example.org/bind/1"),
            ("expires_in", "1800"),
            ("bind_appid", "wx0000000000000003"),
        ]],
        "preregister" | "qrcodepreregister" => &[&[("response_content", "{\"a\": 1.50}")]],
        "sendmsg" => &[NONCE],
        "qrcodegetmedinfo" => {
            &[CARD, PATIENT, &[("token", "T0001"), ("expires_in", "300"), ("city_id", "440300")]]
        }
        "unifiedorder" => &[
            MERCHANT,
            &[
                ("med_trans_id", "4200000000000001"),
                ("pay_url", "https://pay.example.org/pay/1"),
                ("pay_appid", "wx0000000000000003"),
            ],
        ],
        "qrcodeunifiedorder" => &[MERCHANT, &[("med_trans_id", "4200000000000001")]],
        "orderquery" => &[
            MERCHANT,
            QUESTION,
            SETTLED,
            &[
                ("med_trade_state", "SUCCESS"),
                ("trade_status_desc", "支付成功"),
                ("order_type", "DiagPay"),
                ("allow_fee_change", "1"),
                ("spbill_create_ip", "10.193.0.1"),
                ("org_no", "H1110"),
            ],
        ],
        "closeorder" | "downloadbill" => &[],
        "refund" => &[
            QUESTION,
            &[
                ("med_refund_id", "5000000001"),
                ("hosp_out_refund_no", "R20180601000001"),
                ("total_fee", "23050"),
                ("cash_refund_fee", "3050"),
                ("insurance_refund_fee", "0"),
            ],
        ],
        "refundquery" => &[
            QUESTION,
            &[
                ("med_refund_id", "5000000001"),
                ("hosp_out_refund_no", "R20180601000001"),
                ("cash_refund_fee", "3050"),
                ("insurance_refund_fee", "20000"),
                ("insurance_refund_status", "SUCCESS"),
                ("cash_refund_status", "PROCESSING"),
                ("med_refund_state", "PROCESSING"),
            ],
        ],
        "notification" => &[
            MERCHANT,
            QUESTION,
            SETTLED,
            &[
                ("return_code", "SUCCESS"),
                ("result_code", "SUCCESS"),
                ("bill_no", "B0001"),
                ("insurance_order_id", "I0001"),
                ("cash_order_id", "C0001"),
            ],
        ],
        _ => panic!("no sample of {name}"),
    };
    parts.iter().flat_map(|part| part.iter().copied()).collect()
}
