//! Values of flags that are more than their type.

use std::time::Duration;

use crate::logging;
use crate::server::duration;

/// Reads a duration that is longer than 0.
pub(super) fn positive(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err("has to be longer than 0".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a log level, and returns it as it is written.
pub(super) fn level(text: &str) -> Result<String, String> {
    logging::filter(text).map(|_| text.to_owned())
}
