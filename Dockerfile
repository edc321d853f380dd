# The server in a container: packages and Prisma's client are made in one stage, and only what runs is taken into the other.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package of the server needs its install script: what is compiled comes inside the packages.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN node prisma/generate.mjs client

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma/migrations prisma/migrations
COPY --from=build /app/src src
# For the embedded database, where DATABASE_URL names no other.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 4000
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: SIGTERM must reach the server, which then finishes what it accepted (within 20 s).
CMD ["node", "--import", "tsx", "src/main.ts"]
