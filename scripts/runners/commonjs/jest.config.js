module.exports = {
  testEnvironment: 'node',
  testRegex: '\\.spec\\.ts$',
  transform: { '\\.[jt]s$': 'ts-jest' },
  transformIgnorePatterns: ['/node_modules/(?!(nest-outbound|https-proxy-agent|agent-base|proxy-agent-negotiate)/)'],
};
