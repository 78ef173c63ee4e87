//! What an operator writes and what comes of it, through the public interface only.

#[cfg(test)]
mod errors;
#[cfg(test)]
mod hostile_input;
#[cfg(test)]
mod in_force;
#[cfg(test)]
mod interpolation;
#[cfg(test)]
mod precedence;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod site;
#[cfg(test)]
mod values;
#[cfg(test)]
mod warnings;
