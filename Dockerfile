# Any library's image: its static program and a CA bundle, nothing else. `benchmark` packs what it has built on the host; the
# stage `from-source` is for machines that cannot build Linux programs themselves:
#
#   docker build --target from-source --build-arg LIBRARY=reqwest --tag benchmark/reqwest .
#   docker build --target from-source --build-arg LIBRARY=origin --tag benchmark/origin .
#
# The packed stage stands first, because Docker's older builder pulls every base image above the stage that it is asked for.

FROM scratch AS packed
# A folder of the build context with the image's files.
ARG PACKED
COPY ${PACKED}/ /
USER 65534:65534

FROM rust:1.95-bookworm AS build
# A folder of benchmark/tests, or `origin`.
ARG LIBRARY
WORKDIR /source
COPY . .
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN mkdir -p /packed/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /packed/etc/ssl/certs/ && \
    if [ "$LIBRARY" = origin ]; then folder=cli; else folder="tests/$LIBRARY"; fi && \
    cargo build --release --locked --manifest-path "benchmark/$folder/Cargo.toml" --bins --target-dir /target && \
    if [ "$LIBRARY" = origin ]; then program=benchmark; else program="$LIBRARY"; fi && \
    cp /target/*/release/"$program" /packed/

FROM scratch AS from-source
COPY --from=build /packed/ /
USER 65534:65534
