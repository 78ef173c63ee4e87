# The commands a person needs. `just` lists them.

_list:
    @just --list --unsorted

# Start the service on 127.0.0.1:8888.
run *arguments:
    cargo run --release -- {{ arguments }}

# Run every test, installing what they need first.
test *filter:
    scripts/test {{ filter }}

# The tests of one crate: `just test-of domain`.
test-of crate *filter:
    cargo nextest run --package zaqar-{{ crate }} {{ filter }}

# Format and lint.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# Everything that must hold before a change lands.
ci:
    bash .ci/run

# The benchmarks of the stores and of the service.
bench *filter:
    cargo bench --workspace -- {{ filter }}

# The guide as a site under target/guide, rebuilt on change (needs mdbook).
guide:
    mdbook serve

# The API documentation of the crates.
doc:
    cargo doc --workspace --no-deps --open
