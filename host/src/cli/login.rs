//! `jackfield login`: an address that logs a user in.

use serde_json::{Value, json};

use super::{ConfigFile, Failure, control, output};

/// Prints an address that opens the panel as a user of the configuration, once, within five minutes.
///
/// The running host makes it, so this works on the host's own machine, for the host's own user and root. What lets the
/// user in stands behind the `#`, which a browser sends to nobody. For an admin there is a second address, of the
/// administrator's page; each is good for itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield login alice
  jackfield login alice --at https://cti.example
  xdg-open \"$(jackfield login alice --json | jq -r .panel)\"")]
pub(super) struct Login {
    #[command(flatten)]
    file: ConfigFile,
    /// A user of the configuration.
    user: String,
    /// What browsers call this host, when it is not its own address: `https://cti.example`.
    #[arg(long, value_name = "ADDRESS")]
    at: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Login {
    pub(super) fn main(self) -> Result<(), Failure> {
        if let Some(at) = &self.at
            && !["http://", "https://"].iter().any(|scheme| at.starts_with(scheme))
        {
            let text = format!("--at {at}: it begins with http:// or https://, as the address in a browser does");
            return Err(Failure { code: 2, text });
        }
        let ways =
            control::ask(&self.file, "login", &json!({ "user": self.user, "at": self.at })).map_err(Failure::new)?;
        if self.json {
            return output::say(&ways.to_string());
        }
        let text = |value: &Value| output::harmless(value.as_str().unwrap_or_default());
        let name = output::harmless(&self.user);
        output::say(&format!("the panel, as {name}:\n  {}", text(&ways["panel"])))?;
        if ways["admin"].is_string() {
            output::say(&format!("the administrator's page, as {name}:\n  {}", text(&ways["admin"])))?;
        }
        let minutes = ways["expiresIn"].as_u64().unwrap_or_default() / 60;
        output::say(&format!("each opens once, within {minutes} minutes"))?;
        if let Some(missing) = ways["missing"].as_str() {
            output::say(&format!("note: the host was built {}", output::harmless(missing)))?;
        }
        Ok(())
    }
}
