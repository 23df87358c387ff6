//! The QR code as an SVG document, and the sheet that a doctor's printer takes.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// How long a side is printed at least, in pixels; an SVG grows with its page.
const SIDE: u32 = 240;

/// The code that says `text`; none if it is too long for one.
pub fn svg(text: &str) -> Option<String> {
    // Paper gets creased: part of the code may be lost.
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(SIDE, SIDE)
        .quiet_zone(true)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Some(image)
}
