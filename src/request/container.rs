// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of containers: see "Properties" in the OCI Image Configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::{directory, text, texts, twice};
use super::health_check::HealthCheck;
use crate::error::{Argument, Error, Result};

/// Defaults of containers.  Empty members, and those that are `None`, are not in the
/// configuration.
#[derive(Clone, Debug, Default)]
pub struct Container {
    pub(crate) entry_point: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) environment: Vec<String>,
    /// Index into `environment` of the first variable with each name.
    variables: BTreeMap<String, usize>,
    pub(crate) user: Option<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) exposed_ports: BTreeSet<String>,
    pub(crate) volumes: BTreeSet<String>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) health_check: Option<HealthCheck>,
}

impl Container {
    /// Sets the words of the entry point.
    pub fn entry_point<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<()> {
        self.entry_point = Some(texts(Argument("entry_point"), words)?);
        Ok(())
    }

    /// Sets the words of the command, or the default arguments of the entry point.
    pub fn cmd<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<()> {
        self.cmd = Some(texts(Argument("cmd"), words)?);
        Ok(())
    }

    /// Adds a variable of the environment.
    pub fn variable(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        const ARGUMENT: Argument = Argument("environment");
        let name = text(ARGUMENT, name)?;
        let value = text(ARGUMENT, value)?;
        if name.is_empty() {
            return Err(Error::argument(ARGUMENT, "a name is empty"));
        }
        if name.contains('=') {
            return Err(Error::argument(
                ARGUMENT,
                format_args!("the variable name {name:?} contains \"=\""),
            ));
        }
        let variable = format!("{name}={value}");
        let first = *self
            .variables
            .entry(name.clone())
            .or_insert(self.environment.len());
        let other = self.environment.get(first);
        if let Some(other) = other.filter(|&other| *other != variable) {
            let (_, other) = other.split_once('=').unwrap_or_default();
            return Err(twice(ARGUMENT, &name, other, &value));
        }
        self.environment.push(variable);
        Ok(())
    }

    /// Sets the user: `USER` or `USER:GROUP`, by names or numbers.
    pub fn user(&mut self, user: &[u8]) -> Result<()> {
        let user = text(Argument("user"), user)?;
        let is_name = |part: &str| {
            !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if user.split(':').count() > 2 || !user.split(':').all(is_name) {
            return Err(Error::argument(
                Argument("user"),
                format_args!("{user:?} is not of the form USER or USER:GROUP"),
            ));
        }
        self.user = Some(user);
        Ok(())
    }

    /// Sets the working directory, an absolute name.
    pub fn working_directory(&mut self, name: &[u8]) -> Result<()> {
        self.working_directory = Some(directory(Argument("working_directory"), name)?);
        Ok(())
    }

    /// Adds exposed ports: `PORT`, `PORT/tcp`, `PORT/udp` or `PORT/sctp`.
    pub fn exposed_ports<P: AsRef<[u8]>>(&mut self, ports: &[P]) -> Result<()> {
        for port in texts(Argument("exposed_ports"), ports)? {
            let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
            let is_number = !number.starts_with(['0', '+']) && number.parse::<u16>().is_ok();
            if !is_number || !matches!(protocol, "tcp" | "udp" | "sctp") {
                return Err(Error::argument(
                    Argument("exposed_ports"),
                    format_args!(
                        "{port:?} is not of the form PORT, PORT/tcp, PORT/udp or PORT/sctp, \
                         with a PORT from 1 to 65535"
                    ),
                ));
            }
            self.exposed_ports.insert(port);
        }
        Ok(())
    }

    /// Adds volumes: directories for containers' data, absolute names.
    pub fn volumes<P: AsRef<[u8]>>(&mut self, names: &[P]) -> Result<()> {
        for name in names {
            let name = directory(Argument("volumes"), name.as_ref())?;
            self.volumes.insert(name);
        }
        Ok(())
    }

    /// Sets the signal that ends containers, by its name, with or without SIG, or by
    /// its number.
    pub fn stop_signal(&mut self, signal: &[u8]) -> Result<()> {
        let signal = text(Argument("stop_signal"), signal)?;
        if !is_signal(&signal) {
            return Err(Error::argument(
                Argument("stop_signal"),
                format_args!("{signal:?} is not a signal, such as SIGTERM, SIGRTMIN+3 or 15"),
            ));
        }
        self.stop_signal = Some(signal);
        Ok(())
    }

    /// Sets the health check, JSON in Docker's form.
    pub fn health_check(&mut self, json: &[u8]) -> Result<()> {
        let wrong = |problem: String| Error::argument(Argument("health_check"), problem);
        let json = text(Argument("health_check"), json)?;
        self.health_check = Some(HealthCheck::from_json(&json).map_err(wrong)?);
        Ok(())
    }
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
