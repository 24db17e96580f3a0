//! docs/performance.svg: users a second of every client, on a logarithmic scale, for light and dark pages.

use super::job::Client;
use super::measured::{Measured, Of};
use super::numbers::{grouped, short};
use super::plan::Plan;

const WIDTH: f64 = 760.0;
/// Where bars begin; their names stand before it.
const LEFT: f64 = 270.0;
/// Room for a bar's number after the longest bar.
const RIGHT: f64 = 70.0;
const TOP: f64 = 64.0;
const BAR: f64 = 22.0;
const STEP: f64 = 34.0;

/// The colours, which follow the reader's.
const STYLE: &str = "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}\
.title{font-size:15px;font-weight:600}.quiet{fill:#59636e;font-size:12px}.grid{stroke:#d1d9e0}\
.rival{fill:#8c959f}.ours{fill:#1a7f37}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}\
.rival{fill:#656c76}.ours{fill:#3fb950}}";

/// The chart of the short run.
pub fn of(plan: &Plan, measured: &Measured) -> String {
    let title = format!("Users a second: {} users, {} ms latency, no quota", grouped(plan.short), plan.latency_ms);
    draw(&title, &measured.short)
}

fn draw(title: &str, bars: &[Of]) -> String {
    let scale = Scale::of(bars.iter().map(|(_, sample)| sample.rate()));
    let rows: f64 = bars.iter().map(|_| STEP).sum();
    let (bottom, height) = (TOP + rows, TOP + rows + 34.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"16\" y=\"26\">{title}</text>\n\
         <text class=\"quiet\" x=\"16\" y=\"45\">Logarithmic scale; default settings. Longer is better.</text>\n"
    );
    for power in scale.powers() {
        let (x, label) = (scale.place(power), axis_label(power));
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n\
             <text class=\"quiet\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\n",
            bottom + 18.0,
        ));
    }
    let mut top = TOP + (STEP - BAR) / 2.0;
    for (client, sample) in bars {
        let class = if matches!(client, Client::Core | Client::Module) { "ours" } else { "rival" };
        let (end, middle) = (scale.place(sample.rate()), top + BAR / 2.0 + 4.5);
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"3\"/>\n\
             <text x=\"{:.1}\" y=\"{middle:.1}\">{}</text>\n",
            LEFT - 10.0,
            client.name(),
            (end - LEFT).max(1.0),
            end + 8.0,
            short(sample.rate()),
        ));
        top += STEP;
    }
    svg.push_str("</svg>\n");
    svg
}

/// A power of ten without digits that say nothing: `0.1`, `10`, `1,000`.
fn axis_label(power: f64) -> String {
    power.to_string().parse::<u32>().map_or_else(|_| power.to_string(), grouped)
}

/// Powers of ten from left to right.
struct Scale {
    first: f64,
    last: f64,
}

impl Scale {
    /// From below the smallest to above the largest.
    fn of(rates: impl Iterator<Item = f64>) -> Self {
        let (least, most) =
            rates.fold((f64::MAX, 1.0), |(least, most): (f64, f64), rate| (least.min(rate), most.max(rate)));
        let first = least.max(0.1).log10().ceil() - 1.0;
        Self { first, last: most.log10().ceil().max(first + 1.0) }
    }

    fn place(&self, rate: f64) -> f64 {
        LEFT + (rate.log10() - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)
    }

    fn powers(&self) -> impl Iterator<Item = f64> + use<> {
        let last = self.last;
        std::iter::successors(Some(self.first), |power| Some(power + 1.0))
            .take_while(move |power| *power <= last)
            .map(|power| 10_f64.powf(power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_holds_every_bar() {
        let scale = Scale::of([9.7, 2381.0].into_iter());
        assert_eq!(scale.powers().map(axis_label).collect::<Vec<_>>(), ["1", "10", "100", "1,000", "10,000"]);
        assert!(scale.place(9.7) > LEFT && scale.place(2381.0) < WIDTH - RIGHT);
    }
}
