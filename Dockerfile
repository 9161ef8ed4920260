# docker build --build-arg VERSION=1.2.3 -t troupe .
# docker run -p 8080:8080 -v "$PWD/data:/data" troupe
# The folder data holds config.toml and belongs to user 65532.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/troupe . \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/troupe /usr/local/bin/troupe
COPY --from=build /src/LICENSE /licenses/troupe
# A new volume takes this folder's owner, so that the program may write there without root.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/troupe"]
CMD ["-config", "/data/config.toml"]
