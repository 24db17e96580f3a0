//! When the outcomes of a run came, as a chart.

use std::fmt::{self, Display, Write};

use jiff::Timestamp;

use super::wording::{Grouped, Lasting};

/// The most bars of a chart.
const BARS: i64 = 72;

/// Lengths of time that people count in, in milliseconds.
const STEPS: [i64; 24] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    1_800_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000,
];

/// A stretch without any outcome is told where it is as long as this, in milliseconds and in bars.
const SHORTEST_PAUSE: (i64, usize) = (5000, 3);

const WIDTH: f64 = 960.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const PLOT: f64 = 92.0;
const BOTTOM: f64 = 26.0;

/// Outcomes of one run over its time.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    began: i64,
    span: i64,
    step: i64,
    bars: Vec<Bar>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bar {
    revoked: u64,
    other: u64,
}

impl Bar {
    fn all(self) -> u64 {
        self.revoked + self.other
    }
}

/// A stretch of bars without any outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    first: usize,
    bars: usize,
}

impl Timeline {
    /// An empty chart for what happens between two moments.
    pub(super) fn new(began: Timestamp, last: Timestamp) -> Self {
        let began = began.as_millisecond();
        let span = (last.as_millisecond() - began).max(1);
        let step = step_for(span, BARS);
        let bars = usize::try_from(span / step + 1).unwrap_or(1);
        Self { began, span, step, bars: vec![Bar::default(); bars] }
    }

    /// Puts an outcome in its place.
    pub(super) fn count(&mut self, at: Timestamp, revoked: bool) {
        let place = usize::try_from((at.as_millisecond() - self.began) / self.step).unwrap_or(0);
        if let Some(bar) = self.bars.get_mut(place) {
            let count = if revoked { &mut bar.revoked } else { &mut bar.other };
            *count += 1;
        }
    }

    /// How long the run took, in milliseconds.
    pub(super) fn span(&self) -> i64 {
        self.span
    }

    /// The most outcomes of one bar, and the length of a bar in milliseconds.
    pub(super) fn peak(&self) -> (u64, i64) {
        (self.bars.iter().map(|bar| bar.all()).max().unwrap_or(0), self.step)
    }

    /// Stretches between outcomes that had none.
    fn pauses(&self) -> Vec<Pause> {
        let mut pauses = Vec::new();
        let mut latest: Option<usize> = None;
        for (place, _) in self.bars.iter().enumerate().filter(|(_, bar)| bar.all() > 0) {
            let first = latest.map_or(place, |latest| latest + 1);
            let bars = place - first;
            if bars >= SHORTEST_PAUSE.1 && self.lasting(bars) >= SHORTEST_PAUSE.0 {
                pauses.push(Pause { first, bars });
            }
            latest = Some(place);
        }
        pauses
    }

    fn lasting(&self, bars: usize) -> i64 {
        i64::try_from(bars).unwrap_or(i64::MAX).saturating_mul(self.step)
    }

    /// What the chart shows, in words.
    pub(super) fn described(&self) -> String {
        let mut text = String::new();
        for pause in self.pauses() {
            let _ = write!(
                text,
                "{}{} from {}",
                if text.is_empty() { "" } else { ", " },
                Lasting(self.lasting(pause.bars)),
                clock(self.moment(pause.first), 1000)
            );
        }
        text
    }

    fn moment(&self, bar: usize) -> i64 {
        self.began + self.lasting(bar)
    }

    fn x(&self, moment: i64) -> f64 {
        LEFT + as_f64(moment - self.began) / as_f64(self.lasting(self.bars.len())) * (WIDTH - LEFT - RIGHT)
    }
}

impl Display for Timeline {
    /// The chart as SVG.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (peak, _) = self.peak();
        let top = round_up(peak.max(1));
        let base = TOP + PLOT;
        let height = |count: u64| PLOT * as_f64(i64::try_from(count).unwrap_or(i64::MAX)) / as_f64(top);
        write!(f, "<svg viewBox=\"0 0 {WIDTH} {}\" aria-hidden=\"true\">", base + BOTTOM)?;
        for share in [0, 1, 2] {
            let y = base - PLOT * f64::from(share) / 2.0;
            write!(f, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{}\"/>", WIDTH - RIGHT)?;
            let label = top * i64::from(share) / 2;
            if share != 1 || top > 1 {
                let label = Grouped(label.cast_unsigned());
                write!(f, "<text class=\"count\" x=\"{}\" y=\"{:.1}\">{label}</text>", LEFT - 8.0, y + 4.0)?;
            }
        }
        for pause in self.pauses() {
            let (from, to) = (self.x(self.moment(pause.first)), self.x(self.moment(pause.first + pause.bars)));
            let width = to - from;
            write!(
                f,
                "<rect class=\"pause\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{PLOT}\" rx=\"3\"/>"
            )?;
            if width > 64.0 {
                let lasting = Lasting(self.lasting(pause.bars));
                write!(
                    f,
                    "<text class=\"wait\" x=\"{:.1}\" y=\"{:.1}\">{lasting}</text>",
                    f64::midpoint(from, to),
                    TOP + PLOT / 2.0 + 4.0
                )?;
            }
        }
        for (place, bar) in self.bars.iter().enumerate() {
            let (from, to) = (self.x(self.moment(place)), self.x(self.moment(place + 1)));
            let width = (to - from - 1.0).clamp(1.0, 24.0);
            let mut y = base;
            for (class, count) in [("revoked", bar.revoked), ("other", bar.other)] {
                if count > 0 {
                    // What happened must be seen, however little it was.
                    let height = height(count).max(1.5);
                    y -= height;
                    write!(
                        f,
                        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
                    )?;
                }
            }
        }
        let tick = step_for(self.span, 8);
        let mut at = self.began + (tick - self.began.rem_euclid(tick)) % tick;
        while at <= self.began + self.lasting(self.bars.len()) {
            let x = self.x(at);
            write!(f, "<path class=\"tick\" d=\"M{x:.1} {base}v5\"/>")?;
            write!(f, "<text class=\"time\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", base + 19.0, clock(at, tick))?;
            at += tick;
        }
        f.write_str("</svg>")
    }
}

/// The shortest length that people count in of which `span` has no more than `most`.
fn step_for(span: i64, most: i64) -> i64 {
    let whole = STEPS.into_iter().find(|step| span / step < most);
    whole.unwrap_or_else(|| (span / most / 86_400_000 + 1) * 86_400_000)
}

/// The next number that people count in.
fn round_up(count: u64) -> i64 {
    let mut unit = 1_u64;
    loop {
        if let Some(round) = [unit, 2 * unit, 4 * unit, 6 * unit].into_iter().find(|round| *round >= count) {
            return i64::try_from(round).unwrap_or(i64::MAX);
        }
        unit = unit.saturating_mul(10);
    }
}

/// A moment as exact as its neighbours are apart.
fn clock(milliseconds: i64, apart: i64) -> String {
    let format = match apart {
        ..1000 => "%H:%M:%S%.3f",
        1000..60_000 => "%H:%M:%S",
        60_000..86_400_000 => "%H:%M",
        _ => "%m-%d",
    };
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| String::new(), |at| at.strftime(format).to_string())
}

#[expect(clippy::cast_precision_loss, reason = "a chart is no more exact than its pixels")]
fn as_f64(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn every_outcome_is_in_a_bar_whatever_the_run_took() {
        for span in [0, 1, 71, 72, 73, 999, 60_000, 1_000_000, 86_400_000, 9_000_000_000_000] {
            let mut timeline = Timeline::new(at(0), at(span));
            for moment in [-1, 0, span / 2, span] {
                timeline.count(at(moment), moment % 2 == 0);
            }
            let counted: u64 = timeline.bars.iter().map(|bar| bar.all()).sum();
            assert_eq!(counted, 4, "{span}");
            assert!(timeline.bars.len() <= 73, "{span}: {}", timeline.bars.len());
            let svg = timeline.to_string();
            assert!(svg.matches("<text class=\"time\"").count() <= 9, "{span}: {svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn a_stretch_without_outcomes_is_told() {
        let mut timeline = Timeline::new(at(0), at(300_000));
        (0..20).for_each(|n| timeline.count(at(n * 1000), true));
        (170..300).for_each(|n| timeline.count(at(n * 1000), true));
        assert_eq!(timeline.pauses(), [Pause { first: 4, bars: 30 }]);
        assert!(timeline.described().starts_with("2 min 30 s from "), "{}", timeline.described());
        assert!(timeline.to_string().contains(">2 min 30 s</text>"));
    }

    #[test]
    fn short_runs_have_no_pauses() {
        let mut timeline = Timeline::new(at(0), at(1000));
        timeline.count(at(0), true);
        timeline.count(at(1000), true);
        assert_eq!(timeline.pauses(), []);
    }
}
