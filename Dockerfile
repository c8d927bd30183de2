# berth for linux/amd64 and linux/arm64, compiled for either on a machine of either, by a profile that is made here: `make image`.

FROM --platform=$BUILDPLATFORM rust:1.95-bookworm AS build
WORKDIR /berth
COPY . .
# Up to here it is the same for all platforms, and done once.
RUN cargo fetch --locked
ARG TARGETARCH
RUN .ci/build --toolchain "$TARGETARCH"
RUN cp "$(.ci/build "$TARGETARCH")" /usr/local/bin/berth

FROM scratch
COPY --from=build /usr/local/bin/berth /berth
# A number: there is no passwd here, and Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/berth"]
CMD ["serve"]
