/** Errors of the way to the service and to the systems behind it. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

export const CONNECTION = {
  'APIGW.0101': {
    meaning: {
      en: 'There is nothing at this address: the path is unknown, or the thing that it names does not exist for you.',
      zh: '该地址没有内容：路径未知，或其所指的对象对您不存在。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The path is misspelt, lacks the project id, or has a slash too many. This also happens if `$PROJECT` is empty.',
          zh: '路径拼写有误、缺少项目 ID，或多了斜杠。`$PROJECT` 为空时也会出现。',
        },
        cure: {
          en: 'Print the address that you call, and compare it with [the operations](docs:#operations). KMS APIs are `POST $URL/v1.0/$PROJECT/kms/<name>`.',
          zh: '打印实际调用的地址，并与[操作](docs:#operations)比较。KMS API 为 `POST $URL/v1.0/$PROJECT/kms/<name>`。',
        },
        command: 'echo "$URL/v1.0/$PROJECT/kms/list-keys"',
      },
      {
        says: 'Get tokens and projects from the IAM at IAM_ENDPOINT.',
        cause: {
          en: 'The service runs with `IDENTITY=keystone`, so it has no token API of its own.',
          zh: '服务以 `IDENTITY=keystone` 运行，没有自己的 Token API。',
        },
        cure: {
          en: 'Log in at the IAM of the setting `IAM_ENDPOINT`, and send that token in `X-Auth-Token`.',
          zh: '在 `IAM_ENDPOINT` 的 IAM 登录，并在 `X-Auth-Token` 中发送得到的 Token。',
        },
      },
      {
        says: 'There is no such job in this project.',
        cause: {
          en: 'The job id is wrong, or the job belongs to another project than the token.',
          zh: '任务 ID 有误，或任务不属于 Token 的项目。',
        },
        cure: {
          en: 'Take `job_id` from the reply that started the job, and use a token of its project. On the machine, `npm run admin -- jobs` lists all jobs.',
          zh: '使用启动任务的应答中的 `job_id`，以及其项目的 Token。在服务器上，`npm run admin -- jobs` 列出全部任务。',
        },
      },
      {
        cause: {
          en: 'The API exists only in another mode. Jobs that a caller starts need credentials of the service itself, so they do not exist with `KMS_CREDENTIALS=caller`.',
          zh: '该 API 只存在于其他模式。由调用者启动的任务需要服务自己的凭证，因此在 `KMS_CREDENTIALS=caller` 时不存在。',
        },
        cure: {
          en: 'Use `revoke-principal-grants`, which works with the token of the caller.',
          zh: '使用 `revoke-principal-grants`，它使用调用者的 Token。',
        },
      },
    ],
  },
  'APIGW.0201:400': {
    meaning: { en: 'The request is not valid HTTP.', zh: '请求不是有效的 HTTP。' },
    repeat: 'fix',
    cases: [
      {
        says: 'Host is not valid.',
        cause: {
          en: 'The header `Host` has characters that no host name has.',
          zh: '`Host` 头包含主机名不允许的字符。',
        },
        cure: {
          en: 'Send the host name and port of the address, and nothing else. Behind a proxy, check its setting for the header `Host`, and set `PUBLIC_URL`.',
          zh: '只发送地址的主机名和端口。在代理之后时，检查代理的 `Host` 头设置，并配置 `PUBLIC_URL`。',
        },
      },
      {
        says: 'Host is missing.',
        cause: { en: 'The header `Host` is missing.', zh: '缺少 `Host` 头。' },
        cure: { en: 'Use an HTTP/1.1 client, such as curl.', zh: '使用 HTTP/1.1 客户端，例如 curl。' },
      },
      {
        says: 'The path has a malformed percent-encoding.',
        cause: {
          en: 'The path contains a `%` that is not followed by two hexadecimal digits of valid UTF-8.',
          zh: '路径中的 `%` 之后不是有效 UTF-8 的两位十六进制数字。',
        },
        cure: {
          en: 'Percent-encode each value before you put it into the path: a `%` itself becomes `%25`.',
          zh: '将每个值放入路径之前先做百分号编码：`%` 本身写作 `%25`。',
        },
      },
      {
        cause: {
          en: 'The client speaks another protocol, such as TLS to the plain HTTP port.',
          zh: '客户端使用了其他协议，例如在明文 HTTP 端口上使用 TLS。',
        },
        cure: {
          en: 'The service has no TLS. Use `http://` on the machine itself, and `https://` only to the proxy in front of it.',
          zh: '服务没有 TLS。在本机使用 `http://`，只有访问其前面的代理时使用 `https://`。',
        },
      },
    ],
  },
  'APIGW.0201:408': {
    meaning: {
      en: 'The request did not arrive completely within the time limit of the service. Nothing was done.',
      zh: '请求未能在服务的时限内完整到达。没有执行任何操作。',
    },
    repeat: 'later',
    cases: [
      {
        cause: {
          en: 'The client or the network is slow, or `Content-Length` is larger than the body.',
          zh: '客户端或网络过慢，或 `Content-Length` 大于实际请求体。',
        },
        cure: {
          en: 'Send the request again. If it happens each time, leave `Content-Length` to the client library, and check proxies on the way.',
          zh: '重新发送。如果每次都出现，让客户端库自行计算 `Content-Length`，并检查途中的代理。',
        },
      },
    ],
  },
  'APIGW.0201:413': {
    meaning: {
      en: 'The body is larger than the gateway reads: 2 MiB, or less while many large bodies arrive at once.',
      zh: '请求体超过网关读取的上限：2 MiB；同时到达大量大请求体时更小。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The body has more than 2 MiB. (A body between the limit of the API and 2 MiB gets `KMS.0203`.)',
          zh: '请求体超过 2 MiB。（介于 API 上限与 2 MiB 之间的请求体返回 `KMS.0203`。）',
        },
        cure: {
          en: 'Send less: KMS APIs accept 64 KiB, webhooks 1 MiB. Split the events of a webhook over several requests.',
          zh: '减小请求体：KMS API 接受 64 KiB，Webhook 接受 1 MiB。将 Webhook 的事件分成多个请求发送。',
        },
      },
    ],
  },
  'APIGW.0201:417': {
    meaning: {
      en: 'The request has an `Expect` header other than `100-continue`.',
      zh: '请求带有 `100-continue` 以外的 `Expect` 头。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: { en: 'The client sets `Expect`.', zh: '客户端设置了 `Expect`。' },
        cure: {
          en: 'Remove the header. With curl: `-H "Expect:"`.',
          zh: '去掉该请求头。使用 curl 时：`-H "Expect:"`。',
        },
      },
    ],
  },
  'APIGW.0201:431': {
    meaning: { en: 'The headers of the request are too large.', zh: '请求头过大。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'A token of the IAM with a large catalog, many cookies, or headers that a proxy adds.',
          zh: 'IAM Token 带有很大的服务目录、Cookie 过多，或代理添加了请求头。',
        },
        cure: {
          en: 'Get the token with `?nocatalog`, send no cookies (the service uses none), and check what the proxy adds.',
          zh: '用 `?nocatalog` 获取 Token，不要发送 Cookie（本服务不使用），并检查代理添加了什么。',
        },
      },
    ],
  },
  'APIGW.0201:502': {
    meaning: {
      en: 'The system behind the service (the upstream KMS, or the IAM that checks tokens) could not be reached, or its answer could not be understood.',
      zh: '无法访问服务后端的系统（上游 KMS 或校验 Token 的 IAM），或无法理解其应答。',
    },
    repeat: 'unsure',
    cases: [
      {
        says: 'The change may have been applied. Check, or send the request again.',
        cause: {
          en: 'The connection broke, or the next attempt was refused, after the change was sent. The grant may be gone, or may still exist.',
          zh: '更改发出之后连接中断，或下一次尝试被拒绝。授权可能已撤销，也可能仍然存在。',
        },
        cure: {
          en: '**Send a revoke again until you get 200.** If the grant is already gone, the service finds that out and answers 200.',
          zh: '**重新发送撤销请求，直到返回 200。**如果授权已不存在，服务会发现并返回 200。',
        },
      },
      {
        says: 'It may have been created. List before you try again.',
        cause: {
          en: 'The answer to `create-grant` or `create-key` was lost.',
          zh: '`create-grant` 或 `create-key` 的应答丢失。',
        },
        cure: {
          en: 'Call `list-grants` or `list-keys` and look for it. Create again only if it is not there: otherwise there are two.',
          zh: '调用 `list-grants` 或 `list-keys` 查找。只有不存在时才重新创建，否则会出现两个。',
        },
      },
      {
        says: 'The KMS reported the grant as revoked, but still lists it. Send the request again.',
        cause: {
          en: 'In `failed` of a bulk revoke: the cloud answered 200, but the grant **still exists**.',
          zh: '出现在批量撤销的 `failed` 中：云端返回 200，但授权**仍然存在**。',
        },
        cure: {
          en: 'Call again until `remaining` is 0. If it stays, disable the grantee, and quote `X-Upstream-Request-Id` to the support of the cloud.',
          zh: '反复调用直到 `remaining` 为 0。如果仍不消失，请禁用被授权者，并向云端支持提供 `X-Upstream-Request-Id`。',
        },
      },
      {
        says: 'The IAM that validates tokens is unavailable; try again later.',
        cause: {
          en: 'The IAM at `IAM_ENDPOINT` does not answer. Nothing was changed: the caller could not be authenticated.',
          zh: '`IAM_ENDPOINT` 的 IAM 没有应答。没有执行任何更改：无法验证调用者。',
        },
        cure: {
          en: 'Test the IAM from the machine of the service. Check `IAM_ENDPOINT`, the proxy settings and the certificate. In an emergency, revoke at the cloud directly.',
          zh: '在服务所在的机器上测试 IAM。检查 `IAM_ENDPOINT`、代理设置和证书。紧急情况下请直接在云端撤销。',
        },
      },
      {
        says: 'The upstream KMS lists a row that this service cannot read.',
        cause: {
          en: 'In `failed` of a list: one key or grant of the cloud has no readable id. The others are complete.',
          zh: '出现在列表的 `failed` 中：云端的某个密钥或授权没有可读的 ID。其他内容完整。',
        },
        cure: {
          en: 'Look at that key in the console of the cloud, and revoke its grants there.',
          zh: '在云端控制台查看该密钥，并在那里撤销其授权。',
        },
      },
      {
        says: 'The list of the upstream KMS is incomplete.',
        cause: {
          en: 'In `failed` of a list: the cloud stopped in the middle of a list, so grants may be missing from it.',
          zh: '出现在列表的 `failed` 中：云端的列表中途中断，可能缺少授权。',
        },
        cure: {
          en: 'Repeat the call. Do not take the list for complete while `failed` is in the reply.',
          zh: '重新调用。只要应答中有 `failed`，就不要认为列表完整。',
        },
      },
      {
        cause: {
          en: 'The cloud cannot be reached: `KMS_ENDPOINT`, a proxy, the name server, or a certificate that is not trusted.',
          zh: '无法访问云端：`KMS_ENDPOINT`、代理、域名解析或不受信任的证书。',
        },
        cure: {
          en: 'The field `cause` of the log line with this `request_id` names the reason. Correct it, then send the request again.',
          zh: '日志中该 `request_id` 所在行的 `cause` 字段说明原因。更正后重新发送请求。',
        },
      },
    ],
  },
  'APIGW.0201:504': {
    meaning: {
      en: 'There was no answer in time: of the upstream KMS, of the IAM, or because too many changes waited for each other.',
      zh: '未能及时得到应答：上游 KMS 或 IAM 超时，或过多更改互相等待。',
    },
    repeat: 'unsure',
    cases: [
      {
        says: 'The change may have been applied. Check, or send the request again.',
        cause: {
          en: 'The cloud did not answer within `KMS_TIMEOUT_SECONDS` after the change was sent.',
          zh: '更改发出后，云端未在 `KMS_TIMEOUT_SECONDS` 内应答。',
        },
        cure: {
          en: '**Send a revoke again until you get 200.** For a bulk revoke, pass a `key_id`, or use a job, which has more time.',
          zh: '**重新发送撤销请求，直到返回 200。**批量撤销时请传入 `key_id`，或使用时间更充裕的任务。',
        },
      },
      {
        says: 'It may have been created. List before you try again.',
        cause: {
          en: 'The answer to `create-grant` or `create-key` did not come in time.',
          zh: '`create-grant` 或 `create-key` 的应答未及时返回。',
        },
        cure: {
          en: 'Call `list-grants` or `list-keys` and look for it. Create again only if it is not there.',
          zh: '调用 `list-grants` 或 `list-keys` 查找。只有不存在时才重新创建。',
        },
      },
      {
        says: 'The IAM that validates tokens is unavailable; try again later.',
        cause: {
          en: 'The IAM at `IAM_ENDPOINT` did not answer within 5 seconds. Nothing was changed.',
          zh: '`IAM_ENDPOINT` 的 IAM 未在 5 秒内应答。没有执行任何更改。',
        },
        cure: {
          en: 'Send the request again. If it stays, test the IAM from the machine of the service.',
          zh: '重新发送请求。如果持续出现，请在服务所在的机器上测试 IAM。',
        },
      },
      {
        cause: {
          en: 'Many requests changed the same key at the same time, or another request with the same `sequence` is still running.',
          zh: '大量请求同时更改同一密钥，或另一个使用相同 `sequence` 的请求仍在运行。',
        },
        cure: {
          en: 'Send the request again with the same `sequence`, with fewer requests at the same time. Replace many `revoke-grant` by one `revoke-principal-grants`.',
          zh: '减少并发，并用相同的 `sequence` 重新发送。用一次 `revoke-principal-grants` 代替大量 `revoke-grant`。',
        },
      },
    ],
  },
  'APIGW.0308': {
    meaning: {
      en: 'Too many requests. This one was not carried out.',
      zh: '请求过多，此请求没有执行。',
    },
    repeat: 'later',
    cases: [
      {
        says: 'This service limits its calls to the upstream KMS; nothing was sent. Try again later.',
        cause: {
          en: 'More calls wait for the cloud than `KMS_RATE_PER_SECOND` allows.',
          zh: '等待云端的调用超过了 `KMS_RATE_PER_SECOND` 的允许量。',
        },
        cure: {
          en: 'Wait for the time in `Retry-After`, then send it again. If it stays, and the cloud allows more, an operator raises `KMS_RATE_PER_SECOND`.',
          zh: '等待 `Retry-After` 的时间后重新发送。如果持续出现且云端允许更多，由运维人员提高 `KMS_RATE_PER_SECOND`。',
        },
      },
      {
        cause: {
          en: 'Too many changes of one key wait for each other, the IAM or the cloud answered 429, or (on AWS) the limit of the stage is reached.',
          zh: '同一密钥的过多更改互相等待，IAM 或云端返回了 429，或（在 AWS 上）达到了 stage 的限制。',
        },
        cure: {
          en: 'Wait for the time in `Retry-After`, or 1 second, then 2, 4, …; keep the same `sequence`. Replace many `revoke-grant` by one `revoke-principal-grants`.',
          zh: '等待 `Retry-After` 的时间，或依次等待 1、2、4 … 秒；保持相同的 `sequence`。用一次 `revoke-principal-grants` 代替大量 `revoke-grant`。',
        },
      },
    ],
  },
  'KMS.0101': {
    meaning: {
      en: 'The service failed in a way that it did not foresee. The reply says nothing about it on purpose; the log does.',
      zh: '服务发生了未预见的错误。应答有意不说明细节，日志中有说明。',
    },
    repeat: 'unsure',
    cases: [
      {
        cause: {
          en: 'The store cannot be written (disk full, file permissions, the table or its permissions on AWS), or an error in the service.',
          zh: '无法写入存储（磁盘已满、文件权限、AWS 上的表或其权限），或服务自身有缺陷。',
        },
        cure: {
          en: 'Search the log for the `request_id` of the reply: the line has the `cause`. A change and its event are written together or not at all, so list before you repeat, or send it again with the same `sequence`.',
          zh: '在日志中查找应答的 `request_id`：该行有 `cause`。更改与其事件要么一起写入，要么都不写入；重试前请先列出，或用相同的 `sequence` 重新发送。',
        },
      },
      {
        cause: { en: 'In upstream mode: the cloud answered with this code.', zh: '在上游模式下：云端返回了此错误码。' },
        cure: {
          en: 'Send it again. If it stays, quote `X-Upstream-Request-Id` to the support of the cloud.',
          zh: '重新发送。如果持续出现，请向云端支持提供 `X-Upstream-Request-Id`。',
        },
      },
    ],
  },
  'KMS.0104': {
    meaning: {
      en: 'The service cannot take this webhook now. Nothing was recorded.',
      zh: '服务目前无法接收此 Webhook。没有记录任何内容。',
    },
    repeat: 'later',
    cases: [
      {
        says: 'The source has too many jobs that have not ended. Send the webhook again later.',
        cause: {
          en: 'The source has 5,000 jobs that are `queued`, `running` or `waiting`. Other sources are served.',
          zh: '该来源有 5,000 个处于 `queued`、`running` 或 `waiting` 状态的任务。其他来源不受影响。',
        },
        cure: {
          en: 'Send it again after the time in `Retry-After`; most senders do so by themselves. Look at what the jobs wait for, and stop those that nobody needs.',
          zh: '在 `Retry-After` 的时间之后重新发送；大多数发送方会自动重试。查看任务在等待什么，并停止不需要的任务。',
        },
        command: 'npm run admin -- jobs --limit 20\nnpm run admin -- stop-job --job <job id>',
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
