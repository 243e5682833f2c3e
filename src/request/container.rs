// SPDX-License-Identifier: GPL-3.0-or-later

//! What containers start with, as the image's configuration says it: see
//! "Properties" in the OCI Image Configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text;
use crate::error::{Argument, Error, Result};

/// What containers start with besides the entry point and the environment.
/// What is empty or `None` is not in the configuration.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// What is executed, or the default arguments of the entry point.
    pub cmd: Option<Vec<String>>,
    /// Who executes it: a user and perhaps a group, by names or numbers.
    pub user: Option<String>,
    /// Where it is executed.
    pub working_directory: Option<String>,
    /// Ports that it listens at, with their protocols.
    pub exposed_ports: BTreeSet<String>,
    /// Directories that hold its data.
    pub volumes: BTreeSet<String>,
    /// What is to be known of the image, by name.
    pub labels: BTreeMap<String, String>,
    /// What tells it to end.
    pub stop_signal: Option<String>,
    /// How to find out whether it works.
    pub health_check: Option<HealthCheck>,
    /// Who made the image.
    pub author: Option<String>,
    /// What is merged into the configuration last.
    pub config: Option<Map<String, Value>>,
}

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

/// Members of the configuration that only the files of the image decide, or
/// that have rules of their own.
const NOT_MERGED: [&str; 2] = ["history", "rootfs"];

/// Members of `config` and of the whole that engines refuse in another form.
const FORMS: [(&str, Form); 12] = [
    ("cmd", Form::Texts),
    ("entrypoint", Form::Texts),
    ("env", Form::Texts),
    ("onbuild", Form::Texts),
    ("shell", Form::Texts),
    ("exposedports", Form::Object),
    ("volumes", Form::Object),
    ("labels", Form::Object),
    ("healthcheck", Form::Object),
    ("user", Form::Text),
    ("workingdir", Form::Text),
    ("stopsignal", Form::Text),
];

/// The form of a value in JSON.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    Object,
}

impl Form {
    fn is_of(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            (Form::Text, value) => value.is_string(),
            (Form::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Form::Texts, _) => false,
            (Form::Object, value) => value.is_object(),
        }
    }
}

impl Container {
    /// Sets what is executed.
    pub fn cmd<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<()> {
        let words = words
            .iter()
            .map(|word| text(Argument::Cmd, word.as_ref()))
            .collect::<Result<_>>()?;
        self.cmd = Some(words);
        Ok(())
    }

    /// Sets who executes it: `user`, `uid`, `user:group`, `uid:gid` and so on.
    pub fn user(&mut self, user: &[u8]) -> Result<()> {
        let user = text(Argument::User, user)?;
        let is_name = |part: &str| {
            !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if user.split(':').count() > 2 || !user.split(':').all(is_name) {
            return Err(Error::argument(
                Argument::User,
                format_args!("{user:?} is not of the form USER or USER:GROUP"),
            ));
        }
        self.user = Some(user);
        Ok(())
    }

    /// Sets where it is executed.
    pub fn working_directory(&mut self, name: &[u8]) -> Result<()> {
        self.working_directory = Some(directory(Argument::WorkingDirectory, name)?);
        Ok(())
    }

    /// Adds a port that it listens at: `PORT`, `PORT/tcp`, `PORT/udp` or
    /// `PORT/sctp`.
    pub fn exposed_port(&mut self, port: &[u8]) -> Result<()> {
        let port = text(Argument::ExposedPorts, port)?;
        let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
        let is_number = !number.starts_with(['0', '+']) && number.parse::<u16>().is_ok();
        if !is_number || !matches!(protocol, "tcp" | "udp" | "sctp") {
            return Err(Error::argument(
                Argument::ExposedPorts,
                format_args!(
                    "{port:?} is not of the form PORT, PORT/tcp, PORT/udp or PORT/sctp, \
                     with a PORT from 1 to 65535"
                ),
            ));
        }
        self.exposed_ports.insert(port);
        Ok(())
    }

    /// Adds a directory that holds its data.
    pub fn volume(&mut self, name: &[u8]) -> Result<()> {
        let name = directory(Argument::Volumes, name)?;
        self.volumes.insert(name);
        Ok(())
    }

    /// Adds something that is to be known of the image.
    pub fn label(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let name = text(Argument::Labels, name)?;
        let value = text(Argument::Labels, value)?;
        if name.is_empty() {
            return Err(Error::argument(Argument::Labels, "a label has no name"));
        }
        match self.labels.insert(name.clone(), value.clone()) {
            Some(other) if other != value => Err(Error::argument(
                Argument::Labels,
                format_args!("{name:?} is given twice, as {other:?} and as {value:?}"),
            )),
            _ => Ok(()),
        }
    }

    /// Sets what tells it to end: a signal by its name, with or without SIG in
    /// front, or by its number.
    pub fn stop_signal(&mut self, signal: &[u8]) -> Result<()> {
        let signal = text(Argument::StopSignal, signal)?;
        if !is_signal(&signal) {
            return Err(Error::argument(
                Argument::StopSignal,
                format_args!("{signal:?} is not a signal, such as SIGTERM, SIGRTMIN+3 or 15"),
            ));
        }
        self.stop_signal = Some(signal);
        Ok(())
    }

    /// Sets how to find out whether it works, by JSON in Docker's form.
    pub fn health_check(&mut self, json: &[u8]) -> Result<()> {
        let wrong = |problem: String| Error::argument(Argument::HealthCheck, problem);
        let json = text(Argument::HealthCheck, json)?;
        let check: HealthCheck = serde_json::from_str(&json)
            .map_err(|error| wrong(format!("it is not in Docker's form: {error}")))?;
        let words = check.test.len();
        match check.test.first().map(String::as_str) {
            Some("NONE") if words == 1 => {}
            Some("CMD") if words >= 2 => {}
            Some("CMD-SHELL") if words == 2 => {}
            _ => {
                return Err(wrong(format!(
                    "its test, {:?}, is none of [\"NONE\"], [\"CMD\", WORD...] and \
                     [\"CMD-SHELL\", COMMAND]",
                    check.test
                )));
            }
        }
        for time in [
            check.interval,
            check.timeout,
            check.start_period,
            check.start_interval,
        ] {
            if (1..LEAST_TIME).contains(&time) || i64::try_from(time).is_err() {
                return Err(wrong(format!(
                    "{time} nanoseconds are neither 0 nor a millisecond or more"
                )));
            }
        }
        self.health_check = Some(check);
        Ok(())
    }

    /// Sets who made the image.
    pub fn author(&mut self, author: &[u8]) -> Result<()> {
        self.author = Some(text(Argument::Author, author)?);
        Ok(())
    }

    /// Sets what is merged into the configuration last: a JSON object, see
    /// RFC 7396.
    pub fn config(&mut self, json: &[u8]) -> Result<()> {
        let wrong = |problem: String| Error::argument(Argument::Config, problem);
        let json = text(Argument::Config, json)?;
        let object: Map<String, Value> = serde_json::from_str(&json)
            .map_err(|error| wrong(format!("it is not a JSON object: {error}")))?;
        for name in NOT_MERGED {
            if object.keys().any(|key| key.eq_ignore_ascii_case(name)) {
                return Err(wrong(format!(
                    "{name:?} follows from the files of the image"
                )));
            }
        }
        match object.get("config") {
            None => {}
            Some(Value::Object(config)) => {
                for (key, value) in config {
                    let known = key.to_ascii_lowercase();
                    let form = FORMS.iter().find(|(name, _)| *name == known);
                    if form.is_some_and(|(_, form)| !form.is_of(value)) {
                        return Err(wrong(format!("engines do not take {value} for {key:?}")));
                    }
                }
            }
            Some(other) => {
                return Err(wrong(format!("engines do not take {other} for \"config\"")));
            }
        }
        for name in ["architecture", "author", "created", "os", "variant"] {
            if object
                .get(name)
                .is_some_and(|value| !Form::Text.is_of(value))
            {
                return Err(wrong(format!("the value of {name:?} is not text")));
            }
        }
        self.config = Some(object);
        Ok(())
    }
}

/// Checks the name of a directory in the image.
fn directory(argument: Argument, name: &[u8]) -> Result<String> {
    super::absolute(argument, name)?;
    text(argument, name)
}

/// Whether `signal` is a signal of Linux.
fn is_signal(signal: &str) -> bool {
    const NAMES: [&str; 35] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV",
        "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN",
        "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "POLL", "PWR", "SYS",
        "EMT",
    ];
    let number = |text: &str, greatest: u8| {
        !text.starts_with('+') && text.parse::<u8>().is_ok_and(|number| number <= greatest)
    };
    let name = signal.strip_prefix("SIG").unwrap_or(signal);
    let real_time = |rest: &str, sign| {
        rest.is_empty() || rest.strip_prefix(sign).is_some_and(|rest| number(rest, 30))
    };
    NAMES.contains(&name)
        || name
            .strip_prefix("RTMIN")
            .is_some_and(|rest| real_time(rest, '+'))
        || name
            .strip_prefix("RTMAX")
            .is_some_and(|rest| real_time(rest, '-'))
        || (number(signal, 64) && signal != "0")
}
