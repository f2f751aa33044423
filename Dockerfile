FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
# So that commands in a running container (docker compose exec node2 bondy cluster leave) know the node, too.
ENV BONDY_CONFIG=/etc/bondy/bondy.conf
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN chmod +x dist/bin/bondy.js && ln -s /app/dist/bin/bondy.js /usr/local/bin/bondy \
  && mkdir -p /var/lib/bondy && chown node:node /var/lib/bondy
USER node
EXPOSE 18080 18081 18082
# It starts a process of node, which a busy machine does not get done in three seconds.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:18081/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["bondy"]
CMD ["start"]
