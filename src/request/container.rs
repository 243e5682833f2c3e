// SPDX-License-Identifier: GPL-3.0-or-later

//! What containers start with, as the image's configuration says it: see
//! "Properties" in the OCI Image Configuration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::health_check::HealthCheck;
use super::{config, text};
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
        let object = config::parse(json)?;
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
