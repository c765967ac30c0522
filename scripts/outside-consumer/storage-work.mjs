import { randomBytes } from 'node:crypto'
import { sha256, whole } from './leased-call.mjs'

const path = 'notes/hello.txt'

export const storageWork = {
  estimate: [
    { unit: 'put', quantity: '2' },
    { unit: 'get', quantity: '2' },
    { unit: 'byte', quantity: '8000' },
    { unit: 'gb_day', quantity: '1' },
  ],
  async use(lease) {
    const text = Buffer.from(`Hello from outside. ${randomBytes(600).toString('hex')}\n`)
    const etag = sha256(text)
    const put = { body: { path, bytesBase64: text.toString('base64'), mime: 'text/plain' } }
    const byte = String(text.byteLength)
    await whole(lease, `put ${path}`, '/web3/resources/storage/put', put, () => ({ put: '1', byte }))
    const get = { method: 'GET' }
    const at = `/web3/resources/storage/get?path=${encodeURIComponent(path)}`
    const got = await whole(lease, `get ${path}`, at, get, (bytes) => ({
      get: '1',
      byte: String(bytes.byteLength),
    }))
    if (!got.equals(text)) throw new Error('what came back from the storage is not what was put there')
    const listed = await whole(
      lease,
      'list',
      '/web3/resources/storage/list',
      { body: { prefix: 'notes/' } },
      () => ({}),
    )
    if (!JSON.parse(listed).files.some((file) => file.path === path && file.etag === etag)) {
      throw new Error('the storage does not list the file that was put there')
    }
    return {
      files: [{ path, size: text.byteLength, sha256: etag }],
      says: 'the file came back as it was put',
    }
  },
}
