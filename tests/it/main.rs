//! The integration tests, in one binary.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod scheduler;
#[cfg(test)]
mod tidy;
