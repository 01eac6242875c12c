module.exports = {
  testEnvironment: 'node',
  testRegex: '\\.spec\\.ts$',
  transform: { '\\.m?[jt]s$': 'ts-jest' },
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm|nest-outbound)/)'],
};
