//! Configuration files and their outcome, through the public interface only.

#[cfg(test)]
mod drivers;
#[cfg(test)]
mod effective;
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
