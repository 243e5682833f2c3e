// SPDX-License-Identifier: GPL-3.0-or-later

//! How to find out whether a container works, in the form of Docker.

use serde::{Deserialize, Serialize};

/// How to find out whether a container works, in the form of Docker; times are
/// in nanoseconds, and 0 is the default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HealthCheck {
    test: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    interval: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    timeout: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    start_period: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    start_interval: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    retries: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The least time that Docker takes, but for 0: a millisecond.
const LEAST_TIME: u64 = 1_000_000;

impl HealthCheck {
    /// Reads it from JSON; fails with what is wrong.
    pub fn from_json(json: &str) -> std::result::Result<Self, String> {
        let check: HealthCheck = serde_json::from_str(json)
            .map_err(|error| format!("it is not in Docker's form: {error}"))?;
        let words = check.test.len();
        match check.test.first().map(String::as_str) {
            Some("NONE") if words == 1 => {}
            Some("CMD") if words >= 2 => {}
            Some("CMD-SHELL") if words == 2 => {}
            _ => {
                return Err(format!(
                    "its test, {:?}, is none of [\"NONE\"], [\"CMD\", WORD...] and \
                     [\"CMD-SHELL\", COMMAND]",
                    check.test
                ));
            }
        }
        for time in [
            check.interval,
            check.timeout,
            check.start_period,
            check.start_interval,
        ] {
            if (1..LEAST_TIME).contains(&time) || i64::try_from(time).is_err() {
                return Err(format!(
                    "{time} nanoseconds are neither 0 nor a millisecond or more"
                ));
            }
        }
        if i32::try_from(check.retries).is_err() {
            return Err(format!("{} retries are too many", check.retries));
        }
        Ok(check)
    }
}
