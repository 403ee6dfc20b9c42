//! `jackfield-sim`: phone systems to try clients against, one subcommand each.

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use jackfield_sim::{avaya, callway, infinity, oktell};

/// Phone systems without telephones, each speaking its real protocol.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    system: Phones,
}

#[derive(Debug, Subcommand)]
enum Phones {
    Avaya(avaya::Arguments),
    Callway(callway::Arguments),
    Infinity(infinity::Arguments),
    Oktell(oktell::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Arguments::parse().system {
        Phones::Avaya(arguments) => arguments.run().await,
        Phones::Callway(arguments) => arguments.run().await,
        Phones::Infinity(arguments) => arguments.run().await,
        Phones::Oktell(arguments) => arguments.run().await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}
