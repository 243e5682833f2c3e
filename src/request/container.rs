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

/// Members of the configuration that follow from the files of the image, or
/// that have parameters of their own with rules that a patch would pass over.
const NOT_MERGED: [&str; 7] = [
    "architecture",
    "container_config",
    "created",
    "history",
    "os",
    "rootfs",
    "variant",
];

/// Members of `config` that engines refuse in another form.
const CONFIG_FORMS: [(&str, Form); 23] = [
    ("argsescaped", Form::Boolean),
    ("attachstderr", Form::Boolean),
    ("attachstdin", Form::Boolean),
    ("attachstdout", Form::Boolean),
    ("cmd", Form::Texts),
    ("domainname", Form::Text),
    ("entrypoint", Form::Texts),
    ("env", Form::Texts),
    ("exposedports", Form::Objects),
    ("healthcheck", Form::HealthCheck),
    ("hostname", Form::Text),
    ("image", Form::Text),
    ("labels", Form::TextsByName),
    ("macaddress", Form::Text),
    ("networkdisabled", Form::Boolean),
    ("onbuild", Form::Texts),
    ("openstdin", Form::Boolean),
    ("shell", Form::Texts),
    ("stdinonce", Form::Boolean),
    ("stopsignal", Form::Text),
    ("tty", Form::Boolean),
    ("user", Form::Text),
    ("volumes", Form::Objects),
];

/// Such members of the whole.
const WHOLE_FORMS: [(&str, Form); 9] = [
    ("author", Form::Text),
    ("comment", Form::Text),
    ("config", Form::Object),
    ("container", Form::Text),
    ("docker_version", Form::Text),
    ("id", Form::Text),
    ("os.features", Form::Texts),
    ("os.version", Form::Text),
    ("parent", Form::Text),
];

/// The form of a value in JSON.
#[derive(Clone, Copy)]
enum Form {
    Boolean,
    Text,
    Texts,
    Object,
    /// An object of texts.
    TextsByName,
    /// An object of empty objects.
    Objects,
    /// See [`HealthCheck`].
    HealthCheck,
}

impl Form {
    fn is_of(self, value: &Value) -> bool {
        let values = |is_good: fn(&Value) -> bool| {
            let values = value.as_object().map(Map::values);
            values.is_some_and(|mut values| values.all(|value| value.is_null() || is_good(value)))
        };
        match self {
            _ if value.is_null() => true,
            Form::Boolean => value.is_boolean(),
            Form::Text => value.is_string(),
            Form::Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            Form::Object => value.is_object(),
            Form::TextsByName => values(Value::is_string),
            Form::Objects => values(|value| value.as_object().is_some_and(Map::is_empty)),
            Form::HealthCheck => HealthCheck::from_json(&value.to_string()).is_ok(),
        }
    }
}

/// The name of a member as engines compare it: Go folds the case of letters,
/// two of which are not ASCII's.
pub fn folded(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// The first member of `object` that is not of its form among `forms`.
fn misformed<'a>(object: &'a Map<String, Value>, forms: &[(&str, Form)]) -> Option<&'a String> {
    let is_wrong = |(key, value): &(&String, &Value)| {
        let form = forms.iter().find(|(name, _)| *name == folded(key));
        form.is_some_and(|(_, form)| !form.is_of(value))
    };
    object.iter().find(is_wrong).map(|(key, _)| key)
}

impl HealthCheck {
    /// Reads it from JSON; fails with what is wrong.
    fn from_json(json: &str) -> std::result::Result<Self, String> {
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
        let check = HealthCheck::from_json(&json).map_err(wrong)?;
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
        if let Some(key) = object
            .keys()
            .find(|key| NOT_MERGED.contains(&&*folded(key)))
        {
            return Err(wrong(format!(
                "{key:?} is not to be merged: it follows from the files of the image or from \
                 other parameters"
            )));
        }
        let config = object.iter().filter(|(key, _)| folded(key) == "config");
        if config.clone().any(|(_, value)| value.is_null()) {
            return Err(wrong("\"config\" is not to be removed".into()));
        }
        let wrong_key = misformed(&object, &WHOLE_FORMS).or_else(|| {
            config
                .filter_map(|(_, value)| value.as_object())
                .find_map(|config| misformed(config, &CONFIG_FORMS))
        });
        if let Some(key) = wrong_key {
            return Err(wrong(format!("engines do not take this value of {key:?}")));
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
    const NAMES: [&str; 34] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV",
        "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN",
        "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "POLL", "PWR", "SYS",
    ];
    let number = |text: &str, greatest: u8| {
        !text.starts_with(['+', '0']) && text.parse::<u8>().is_ok_and(|number| number <= greatest)
    };
    let name = signal.strip_prefix("SIG").unwrap_or(signal);
    // As far as Docker knows them.
    let real_time = |start: &str, sign: char, greatest: u8| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| {
            let offset = rest.strip_prefix(sign);
            rest.is_empty() || offset.is_some_and(|offset| number(offset, greatest))
        })
    };
    NAMES.contains(&name)
        || real_time("RTMIN", '+', 15)
        || real_time("RTMAX", '-', 14)
        || number(signal, 64)
}
