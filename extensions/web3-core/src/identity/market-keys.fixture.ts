/** market-core's real keys for the tests here and in consumer/. To come from its api once that gives them away. */
export { openNodeWallet } from '../../../market-core/src/keys/node-wallet.ts'
export { secretBox } from '../../../market-core/src/keys/secret-box.ts'
export { verifySignature } from '../../../market-core/src/keys/verify.ts'
