//! Tests of the model. A test is a script: a fact in, the names of the events out. Every event of every test also
//! goes through the checker, and after every input the table is compared with its replay from the events (M13.8).

mod admit;
mod agent;
mod bench;
mod bounds;
mod canonical;
mod causes;
mod checker;
mod details;
mod epochs;
mod faithful;
mod features;
mod focus;
mod host;
mod json;
mod media;
mod random;
mod repairs;
mod small;
mod time;
