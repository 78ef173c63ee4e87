//! Configuration files and their outcome, through the public interface only.

#[cfg(test)]
mod effective;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod hostile_input;
#[cfg(test)]
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
