//! Numbers, as people read them.

/// A count with its thousands apart: `20,000`.
pub fn grouped(count: u32) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A measure with three digits that matter, and no more: `0.412`, `12.6`, `2,381`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.places$}");
    // Only whole numbers get long enough to need it.
    text.parse::<u32>().map_or(text, grouped)
}

/// The same for what may not have been measured.
pub fn short_if_known(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn three_digits_matter() {
        let values = [0.4123, 2.346, 12.56, 2381.4, -0.2, f64::NAN];
        assert_eq!(values.map(short), ["0.412", "2.35", "12.6", "2,381", "-0.200", "–"]);
    }
}
