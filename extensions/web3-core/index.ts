export { default } from './src/plugin/plugin.ts'
