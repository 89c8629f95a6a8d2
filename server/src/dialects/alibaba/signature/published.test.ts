/** Signatures that Alibaba Cloud prints in its own documentation. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSignedRequest } from './read.ts'
import type { RawRequest } from './signed-request.ts'

const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const SIGNED = 'host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version'

const runInstances = (of: {
  readonly date: string
  readonly nonce: string
  readonly signature: string
}): RawRequest => ({
  method: 'POST',
  url: '/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai',
  headers: {
    host: 'ecs.cn-shanghai.aliyuncs.com',
    'x-acs-action': 'RunInstances',
    'x-acs-content-sha256': NOTHING,
    'x-acs-date': of.date,
    'x-acs-signature-nonce': of.nonce,
    'x-acs-version': '2014-05-26',
    authorization: `ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=${SIGNED},Signature=${of.signature}`,
  },
  rawBody: Buffer.alloc(0),
})

const EXAMPLES: readonly (readonly [string, RawRequest, secret: string, stringToSign: string])[] = [
  [
    'V3: "Request syntax and signature method V3"',
    runInstances({
      date: '2023-10-26T10:22:32Z',
      nonce: '3156853299f313e23d1673dc12e1703d',
      signature: '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    }),
    'YourAccessKeySecret',
    'ACS3-HMAC-SHA256\n7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
  ],
  [
    'V3: "ROA-style request body and signature mechanism" of Model Studio',
    runInstances({
      date: '2023-10-26T09:01:01Z',
      nonce: 'd410180a5abf7fe235dd9b74aca91fc0',
      signature: 'e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804',
    }),
    'YourAccessKeySecret',
    '',
  ],
  [
    'RPC: "Signature method of RPC-style requests"',
    {
      method: 'GET',
      url: '/?Timestamp=2016-02-23T12:46:24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26&SignatureVersion=1.0&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D',
      headers: { host: 'ecs.aliyuncs.com' },
      rawBody: Buffer.alloc(0),
    },
    'testsecret',
    'GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26',
  ],
]

describe('signatures that the documentation prints', () => {
  for (const [name, request, secret, stringToSign] of EXAMPLES) {
    it(name, () => {
      const read = readSignedRequest(request, new Set())
      assert.equal(read.isSignedWith({ secret }), true)
      assert.equal(read.isSignedWith({ secret: `${secret}x` }), false)
      if (stringToSign !== '') assert.equal(read.stringToSign, stringToSign)
    })
  }
})
