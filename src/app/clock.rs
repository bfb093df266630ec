//! In which zone times are shown: UTC first, everywhere; the reader's own when the reader says so.

use leptos::prelude::*;

use crate::app::format;
use crate::domain::TimeUs;

/// The choice, shared by the whole page.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    local: RwSignal<bool>,
}

/// Puts the page's clock into the context.
pub fn provide_clock() -> Clock {
    let clock = Clock {
        local: RwSignal::new(false),
    };
    provide_context(clock);
    clock
}

/// The page's clock. UTC where no page provides one.
pub fn use_clock() -> Clock {
    use_context::<Clock>().unwrap_or_else(provide_clock)
}

impl Clock {
    pub fn is_local(self) -> bool {
        self.local.get()
    }

    pub fn set_local(self, local: bool) {
        self.local.set(local);
    }

    /// Minutes east of UTC at that instant. Only the browser ever leaves UTC, so only there is the
    /// browser asked.
    fn offset_min(self, time: TimeUs) -> i32 {
        if !self.local.get() {
            return 0;
        }
        let at = js_sys::Date::new(&(time.millis() as f64).into());
        -(at.get_timezone_offset() as i32)
    }

    /// With the date.
    pub fn date_time(self, time: TimeUs) -> String {
        format::date_time(time, self.offset_min(time))
    }

    pub fn time_of_day(self, time: TimeUs) -> String {
        format::time_of_day(time, self.offset_min(time))
    }

    pub fn axis_time(self, time: TimeUs) -> String {
        format::axis_time(time, self.offset_min(time))
    }

    pub fn zone(self) -> &'static str {
        if self.local.get() {
            "local time"
        } else {
            "UTC"
        }
    }
}
