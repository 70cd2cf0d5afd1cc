//! Colours of `trace show`.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

/// The style of each part of a block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Palette {
    pub(super) run: Style,
    pub(super) heading: Style,
    pub(super) step: Style,
    pub(super) path: Style,
    pub(super) error: Style,
}

impl Palette {
    /// Returns the colours for a terminal. The default is none.
    pub(super) fn coloured() -> Self {
        Self {
            run: Style::new().bold().underline(),
            heading: Style::new().bold(),
            step: AnsiColor::Cyan.on_default(),
            path: Style::new().dimmed(),
            error: AnsiColor::Red.on_default().bold(),
        }
    }
}

pub(super) fn styled(style: Style, text: impl Display) -> impl Display {
    fmt::from_fn(move |f| write!(f, "{style}{text}{style:#}"))
}
