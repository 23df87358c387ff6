//! The QR code as a printable sheet: an SVG document, so that it is sharp at any size.

use crate::gateway::Site;
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

/// The side of the code on the sheet, in the sheet's own units.
const SIDE: u32 = 240;

/// The sheet for `url`, which is good until the hospital's `qr_seconds` from now; none if it is too
/// long for a code.
pub fn sheet(site: &Site, url: &str) -> Option<String> {
    let code = code(url)?;
    let seconds = site.hospital()?.rules.qr_seconds;
    let until = site.clock.now().plus_seconds(seconds).civil();
    let until = format!("{} {:02}:{:02}", until.date(), until.hour(), until.minute());
    let style = r#"font-family="sans-serif" text-anchor="middle" fill="black""#;
    Some(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 292" width="60mm" height="73mm">
<rect width="240" height="292" fill="white"/>
{code}
<text x="120" y="258" font-size="17" {style}>微信扫一扫，在线缴费</text>
<text x="120" y="280" font-size="12" {style}>有效期至 {until}</text>
</svg>
"#
    ))
}

/// The code alone, as an SVG element.
fn code(text: &str) -> Option<String> {
    // Paper gets creased: a seventh of the code may be lost.
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let image = code
        .render::<Color<'_>>()
        .min_dimensions(SIDE, SIDE)
        .quiet_zone(true)
        .dark_color(Color("#000"))
        .light_color(Color("#fff"))
        .build();
    // The document's head has no place within another document; its size is the sheet's matter.
    let element = image.split_once("<svg").map(|(_, rest)| rest)?;
    Some(format!(r#"<svg preserveAspectRatio="xMidYMid" x="0" y="0"{}"#, sized(element)?))
}

/// The element with our size in place of its own, which depends on the number of modules.
fn sized(element: &str) -> Option<String> {
    let (attributes, rest) = element.split_once('>')?;
    let (_, view_box) = attributes.split_once("viewBox=")?;
    let view_box: String = view_box.chars().skip(1).take_while(|c| *c != '"').collect();
    Some(format!(r#" viewBox="{view_box}" width="{SIDE}" height="{SIDE}">{rest}"#))
}
