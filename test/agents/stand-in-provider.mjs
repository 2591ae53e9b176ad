// stand-in-provider.mjs REQUESTS [STATUS]: a local HTTP server that speaks just enough of the model providers' protocols for the
// real command lines to finish a session without a key: it asks for one shell command, then says "All done.". Prints its
// port; appends each request to the file REQUESTS. With STATUS it answers every model request with that error.
import {appendFileSync} from 'node:fs';
import {createServer} from 'node:http';

const [requests, status] = process.argv.slice(2);
const COMMAND = process.env.STAND_IN_COMMAND ?? 'echo from the tool';
// Ids are unique over all requests, as the providers' are: the command lines tell repeated ones apart by nothing else.
let count = 0;
const ERRORS = {
  401: ['authentication_error', 'invalid x-api-key'],
  429: ['rate_limit_error', 'You exceeded your current quota, please check your plan and billing details.'],
  529: ['overloaded_error', 'Overloaded'],
};

const sse = (response, events) => {
  response.writeHead(200, {'content-type': 'text/event-stream'});
  for (const event of events) {
    if (typeof event === 'string') response.write(`data: ${event}\n\n`);
    else response.write(`${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
};
const json = (response, value, code = 200) => {
  response.writeHead(code, {'content-type': 'application/json'});
  response.end(JSON.stringify(value));
};

/** Anthropic Messages. */
function messages(response, body) {
  const last = JSON.stringify(body.messages.slice(-2));
  const shell = body.tools?.find(({name}) => /^bash$/i.test(name));
  const usage = {input_tokens: 100, cache_read_input_tokens: 40, cache_creation_input_tokens: 10, output_tokens: 20};
  count += 1;
  const message = {
    id: `msg_${count}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: [],
    usage: {...usage, output_tokens: 1},
  };
  const ask = shell && !last.includes('tool_result');
  const block = ask ? {type: 'tool_use', id: `toolu_${count}`, name: shell.name, input: {}} : {type: 'text', text: ''};
  const delta = ask
    ? {type: 'input_json_delta', partial_json: JSON.stringify({command: COMMAND, description: 'Says hello'})}
    : {type: 'text_delta', text: 'All done.'};
  const whole = {...message, usage, stop_reason: ask ? 'tool_use' : 'end_turn', stop_sequence: null};
  if (!body.stream) return json(response, {...whole, content: [{type: 'text', text: 'All done.'}]});
  sse(response, [
    {type: 'message_start', message},
    {type: 'content_block_start', index: 0, content_block: block},
    {type: 'content_block_delta', index: 0, delta},
    {type: 'content_block_stop', index: 0},
    {type: 'message_delta', delta: {stop_reason: whole.stop_reason, stop_sequence: null}, usage: {output_tokens: 20}},
    {type: 'message_stop'},
  ]);
}

/** OpenAI Responses. */
function responses(response, body) {
  count += 1;
  const names = (body.tools ?? []).map(({name}) => name);
  const shell = ['exec_command', 'shell_command', 'shell', 'bash'].find((name) => names.includes(name));
  const ask = shell && body.input.at(-1)?.type !== 'function_call_output';
  const given =
    shell === 'exec_command' ? {cmd: COMMAND} : {command: shell === 'shell' ? ['bash', '-lc', COMMAND] : COMMAND};
  const item = ask
    ? {
        type: 'function_call',
        id: `fc_${count}`,
        call_id: `call_${count}`,
        name: shell,
        arguments: JSON.stringify(given),
        status: 'completed',
      }
    : {
        type: 'message',
        id: `msg_${count}`,
        role: 'assistant',
        status: 'completed',
        content: [{type: 'output_text', text: 'All done.', annotations: []}],
      };
  const usage = {
    input_tokens: 150,
    input_tokens_details: {cached_tokens: 40},
    output_tokens: 20,
    output_tokens_details: {reasoning_tokens: 5},
    total_tokens: 170,
  };
  const whole = {
    id: `resp_${count}`,
    object: 'response',
    created_at: 1,
    model: body.model,
    status: 'completed',
    output: [item],
    usage,
  };
  sse(response, [
    {type: 'response.created', response: {...whole, status: 'in_progress', output: [], usage: null}},
    {type: 'response.output_item.added', output_index: 0, item},
    {type: 'response.output_item.done', output_index: 0, item},
    {type: 'response.completed', response: whole},
  ]);
}

/** OpenAI Chat Completions. */
function completions(response, body) {
  count += 1;
  const ask = body.tools?.some(({function: {name}}) => name === 'bash') && body.messages.at(-1).role !== 'tool';
  const chunk = (delta, finish_reason = null, usage) => ({
    id: `c${count}`,
    object: 'chat.completion.chunk',
    created: 1,
    model: body.model,
    choices: [{index: 0, delta, finish_reason}],
    ...(usage ? {usage} : {}),
  });
  const call = {
    index: 0,
    id: `call_${count}`,
    type: 'function',
    function: {name: 'bash', arguments: JSON.stringify({command: COMMAND, description: 'Says hello'})},
  };
  const usage = {
    prompt_tokens: 150,
    completion_tokens: 20,
    total_tokens: 170,
    prompt_tokens_details: {cached_tokens: 40},
  };
  sse(response, [
    chunk(ask ? {role: 'assistant', tool_calls: [call]} : {role: 'assistant', content: 'All done.'}),
    chunk({}, ask ? 'tool_calls' : 'stop', usage),
    '[DONE]',
  ]);
}

/** Gemini generateContent. */
function generateContent(response, body, stream) {
  const tools = (body.tools ?? []).flatMap(({functionDeclarations = []}) => functionDeclarations.map(({name}) => name));
  const answered = body.contents.at(-1).parts.some(({functionResponse}) => functionResponse);
  const ask = tools.includes('run_shell_command') && !answered;
  const part = ask
    ? {functionCall: {name: 'run_shell_command', args: {command: COMMAND, description: 'Says hello'}}}
    : {
        text: body.generationConfig?.responseJsonSchema
          ? '{"model_choice": "flash", "reasoning": "", "complexity_score": 1}'
          : 'All done.',
      };
  const whole = {
    candidates: [{content: {role: 'model', parts: [part]}, finishReason: 'STOP', index: 0}],
    usageMetadata: {
      promptTokenCount: 150,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 15,
      thoughtsTokenCount: 5,
      totalTokenCount: 170,
    },
    modelVersion: 'stand-in',
  };
  if (stream) sse(response, [whole]);
  else json(response, whole);
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('utf8');
    const path = request.url.split('?')[0];
    appendFileSync(
      requests,
      `${JSON.stringify({method: request.method, path: request.url, headers: request.headers, body: text})}\n`,
    );
    let body = {};
    try {
      body = JSON.parse(text || '{}');
    } catch {
      return json(response, {error: 'not JSON'}, 400);
    }
    const isModel = /\/(messages|responses|chat\/completions)$|:(stream)?[gG]enerateContent$/.test(path);
    if (request.method !== 'POST' || !isModel)
      return json(
        response,
        path.endsWith('count_tokens') ? {input_tokens: 1} : {data: [], models: []},
        path.endsWith('models') || path.endsWith('count_tokens') ? 200 : 404,
      );
    if (status) {
      const [type, message] = ERRORS[status];
      return json(
        response,
        {
          type: 'error',
          error: {type, message, code: status === '429' ? 'insufficient_quota' : Number(status), status: type},
        },
        Number(status),
      );
    }
    if (path.endsWith('/messages')) return messages(response, body);
    if (path.endsWith('/responses')) return responses(response, body);
    if (path.endsWith('/chat/completions')) return completions(response, body);
    return generateContent(response, body, path.includes('stream'));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
