/** Errors about keys. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

const DESCRIBE_KEY =
  'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/describe-key" -H "X-Auth-Token: $TOKEN" -d "{\\"key_id\\":\\"$KEY\\"}"';

export const KEYS = {
  'KMS.0205': {
    meaning: { en: 'The `key_id` has the wrong form.', zh: '`key_id` 格式有误。' },
    repeat: 'fix',
    cases: [
      {
        says: 'key_id must be 36 characters, 8-4-4-4-12 of 0-9 and a-z.',
        cause: {
          en: 'It is an alias, a grant id, cut off, or in upper case.',
          zh: '使用了别名或授权 ID、不完整，或为大写。',
        },
        cure: {
          en: 'Take the id from `list-keys`: `key_details` has the id beside the alias.',
          zh: '从 `list-keys` 获取 ID：`key_details` 中 ID 与别名并列。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/list-keys" -H "X-Auth-Token: $TOKEN" -d \'{"key_spec":"ALL"}\'',
      },
    ],
  },
  'KMS.0207': {
    meaning: {
      en: 'The project has no key with this id. A key of another project gets the same answer.',
      zh: '该项目没有此 ID 的密钥。其他项目的密钥也返回相同应答。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The key belongs to another project, or its deletion date has passed: it was deleted with all its grants.',
          zh: '密钥属于其他项目，或已过计划删除日期：它已连同全部授权一起被删除。',
        },
        cure: {
          en: 'Check the project in the URL. `list-grant-events` with this `key_id` shows a deleted key (`delete-key`). In an incident, a deleted key is done: nobody can use it.',
          zh: '检查 URL 中的项目。用此 `key_id` 调用 `list-grant-events` 可以查到已删除的密钥（`delete-key`）。在应急处理中，已删除的密钥无需再处理：没有人能使用它。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/list-grant-events" -H "X-Auth-Token: $TOKEN" -d "{\\"key_id\\":\\"$KEY\\"}"',
      },
    ],
  },
  'KMS.0209': {
    meaning: { en: 'The key is disabled, so no grant can be created on it.', zh: '密钥已禁用，不能创建授权。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'Somebody disabled the key, or cancelled its deletion: such a key comes back disabled.',
          zh: '有人禁用了密钥，或取消了删除：取消删除后密钥处于禁用状态。',
        },
        cure: {
          en: 'First find out who disabled it and why (`list-grant-events` with `key_id`). Then call `enable-key`. Grants of a disabled key can be revoked and retired without this.',
          zh: '先查明是谁、为何禁用（用 `key_id` 调用 `list-grant-events`），再调用 `enable-key`。撤销或退役已禁用密钥的授权不需要启用密钥。',
        },
      },
    ],
  },
  'KMS.0210': {
    meaning: {
      en: 'The key is to be deleted, so no grant can be created on it, and after the deletion date nothing can be done with it.',
      zh: '密钥处于计划删除状态，不能创建授权；过了删除日期后不能进行任何操作。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'Somebody called `schedule-key-deletion`. `describe-key` shows the date (`scheduled_deletion_date`).',
          zh: '有人调用了 `schedule-key-deletion`。`describe-key` 显示删除日期（`scheduled_deletion_date`）。',
        },
        cure: {
          en: 'To keep the key, call `cancel-key-deletion` and then `enable-key`, before the date. Afterwards it cannot be recovered. Grants can be revoked without this.',
          zh: '要保留密钥，请在该日期之前先调用 `cancel-key-deletion`，再调用 `enable-key`；之后无法恢复。撤销授权不需要这样做。',
        },
        command: DESCRIBE_KEY,
      },
    ],
  },
  'KMS.1101': {
    meaning: { en: 'The `key_alias` is not a valid name.', zh: '`key_alias` 不是有效的名称。' },
    repeat: 'fix',
    cases: [
      {
        says: 'key_alias must be 1 to 255 letters, digits or : / _ -',
        cause: { en: 'It has other characters, such as a space or a dot.', zh: '包含其他字符，例如空格或点。' },
        cure: { en: 'Use letters, digits and `: / _ -` only.', zh: '只使用字母、数字和 `: / _ -`。' },
      },
      {
        says: 'key_alias must not end in /default.',
        cause: {
          en: 'Such names are reserved for the default master keys of the cloud.',
          zh: '此类名称保留给云端的默认主密钥。',
        },
        cure: { en: 'Choose another name.', zh: '使用其他名称。' },
      },
    ],
  },
  'KMS.1103': {
    meaning: { en: 'The `key_description` is not valid.', zh: '`key_description` 无效。' },
    repeat: 'fix',
    cases: [
      {
        says: 'key_description must be a string of at most 255 characters.',
        cause: { en: 'It is longer than 255 characters, or not a string.', zh: '超过 255 个字符，或不是字符串。' },
        cure: { en: 'Shorten it, or leave it out.', zh: '缩短或不发送。' },
      },
    ],
  },
  'KMS.1104': {
    meaning: { en: 'The project has a key with this alias already.', zh: '该项目已有使用此别名的密钥。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'Another key has the alias, also one that is disabled or to be deleted. Or an earlier attempt of yours succeeded, and its answer was lost.',
          zh: '另一个密钥使用了该别名，包括已禁用或计划删除的密钥。也可能是您之前的请求已成功但应答丢失。',
        },
        cure: {
          en: 'Look for it in `list-keys`, and compare `creation_date`. Use that key, or choose another alias. With a `sequence`, a repeat gets the first answer instead of this error.',
          zh: '在 `list-keys` 中查找并比较 `creation_date`。使用该密钥，或选择其他别名。带 `sequence` 的重试会得到首次应答，而不是此错误。',
        },
      },
    ],
  },
  'KMS.1105': {
    meaning: { en: 'The project has as many keys as it may have.', zh: '该项目的密钥数量已达上限。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The number of keys has reached `KEYS_PER_PROJECT` (100 if not set). Disabled keys, and keys that are to be deleted, count.',
          zh: '密钥数量已达 `KEYS_PER_PROJECT`（默认 100）。已禁用和计划删除的密钥也计入。',
        },
        cure: {
          en: 'Delete keys that nobody uses (`schedule-key-deletion`; they count until their date), or an operator raises `KEYS_PER_PROJECT`. In upstream mode, raise the quota at the cloud.',
          zh: '删除不再使用的密钥（`schedule-key-deletion`；在删除日期之前仍计入），或由运维人员提高 `KEYS_PER_PROJECT`。在上游模式下，请在云端提高配额。',
        },
      },
    ],
  },
  'KMS.1201': {
    meaning: { en: '`enable-key` works only on a disabled key.', zh: '`enable-key` 只能用于已禁用的密钥。' },
    repeat: 'fix',
    cases: [
      {
        cause: { en: 'The key is enabled already, or is to be deleted.', zh: '密钥已启用，或处于计划删除状态。' },
        cure: {
          en: 'Read `key_state`: `2` is enabled, so nothing is to do; `4` is to be deleted, so call `cancel-key-deletion` first.',
          zh: '查看 `key_state`：`2` 表示已启用，无需操作；`4` 表示计划删除，请先调用 `cancel-key-deletion`。',
        },
        command: DESCRIBE_KEY,
      },
    ],
  },
  'KMS.1301': {
    meaning: { en: '`disable-key` works only on an enabled key.', zh: '`disable-key` 只能用于已启用的密钥。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The key is disabled already, or is to be deleted. In both states it accepts no new grants.',
          zh: '密钥已禁用，或处于计划删除状态。这两种状态都不接受新的授权。',
        },
        cure: {
          en: 'Read `key_state`: `3` is disabled, `4` is to be deleted. Nothing is to do. Grants that exist stay: revoke them too.',
          zh: '查看 `key_state`：`3` 表示已禁用，`4` 表示计划删除，无需操作。已有的授权仍然存在：请同时撤销。',
        },
        command: DESCRIBE_KEY,
      },
    ],
  },
  'KMS.1401': {
    meaning: { en: 'The field `pending_days` must be 7 to 1096.', zh: '`pending_days` 字段必须为 7 到 1096。' },
    repeat: 'fix',
    cases: [
      {
        says: 'Send pending_days as a whole number.',
        cause: { en: 'It is too small, too large, or not a whole number.', zh: '值过小、过大，或不是整数。' },
        cure: {
          en: 'Send `"7"` or more. To stop the use of the key at once, call `disable-key` and revoke its grants: a deletion has a waiting time on purpose.',
          zh: '发送 `"7"` 或更大的值。要立即停止使用密钥，请调用 `disable-key` 并撤销其授权：删除有意设置了等待期。',
        },
      },
    ],
  },
  'KMS.1402': {
    meaning: { en: 'The key is to be deleted already.', zh: '密钥已处于计划删除状态。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: '`schedule-key-deletion` was called before, perhaps by you, with the answer lost.',
          zh: '之前已调用过 `schedule-key-deletion`，可能是您的请求已成功但应答丢失。',
        },
        cure: {
          en: '`describe-key` shows `scheduled_deletion_date`. To change the date, call `cancel-key-deletion` first.',
          zh: '`describe-key` 显示 `scheduled_deletion_date`。要更改日期，请先调用 `cancel-key-deletion`。',
        },
        command: DESCRIBE_KEY,
      },
    ],
  },
  'KMS.1501': {
    meaning: {
      en: 'The key is not to be deleted, so there is no deletion to cancel.',
      zh: '密钥未处于计划删除状态，没有可取消的删除。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: { en: 'The deletion was cancelled already, or never scheduled.', zh: '删除已被取消，或从未计划。' },
        cure: {
          en: 'Read `key_state`. After a cancelled deletion it is `3` (disabled): call `enable-key` to use the key again.',
          zh: '查看 `key_state`。取消删除后为 `3`（禁用）：调用 `enable-key` 后可再次使用。',
        },
        command: DESCRIBE_KEY,
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
