# Builds for the architecture it runs on: `docker buildx build --platform linux/amd64,linux/arm64 .` gives both.

FROM rust:1.95-bookworm AS build
WORKDIR /berth
# Without this, the crypto library spends 30 ms of CPU on entropy at every start.
ENV AWS_LC_SYS_NO_JITTER_ENTROPY=1
# glibc linked in: the final image has no libraries to find.
ENV RUSTFLAGS="-C target-feature=+crt-static"
COPY . .
# A target must be named although it is the host's: otherwise the flag goes to procedural macros too, which cannot be static.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && cargo build --release --locked --bin berth --target "$target" \
 && cp "target/$target/release/berth" /usr/local/bin/berth

FROM scratch
COPY --from=build /usr/local/bin/berth /berth
# A number: there is no passwd here, and Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/berth"]
CMD ["serve"]
