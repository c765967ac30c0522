import { pluginBuild } from '../../scripts/plugin-build.ts'

export default pluginBuild
