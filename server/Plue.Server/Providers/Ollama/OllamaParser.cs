using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Ollama;

/// <summary>One line a piece; a tool call comes whole.</summary>
internal sealed class OllamaParser(ProviderFailures failures, ProviderRequest request) : WireParser(failures)
{
    private readonly ToolCalls calls = new(request);
    private bool isAccepted;

    public override void Read(ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(payload);
        string? model = null, doneReason = null;
        long? input = null, output = null;
        var isDone = false;
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw new JsonException("A line is an object.");
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("message"u8)) ReadMessage(ref json, payload);
            else if (json.ValueTextEquals("done"u8)) isDone = json.Read() && json.TokenType == JsonTokenType.True;
            else if (json.ValueTextEquals("done_reason"u8)) doneReason = json.NextString();
            else if (json.ValueTextEquals("prompt_eval_count"u8)) input = json.NextInt64();
            else if (json.ValueTextEquals("eval_count"u8)) output = json.NextInt64();
            else if (!isAccepted && json.ValueTextEquals("model"u8)) model = json.NextString();
            else if (json.ValueTextEquals("error"u8))
            {
                Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
                return;
            }
            else json.Skip();
        }

        if (!isAccepted)
        {
            isAccepted = true;
            Emit(new ProviderEvent.Accepted(model, null));
        }

        if (!isDone) return;
        if ((input ?? output) is not null) Emit(new ProviderEvent.UsageReported(new Usage { InputTokens = input ?? 0, OutputTokens = output ?? 0 }));
        Finish(doneReason == "length" ? StopReason.MaxTokens : calls.All.Count > 0 ? StopReason.ToolUse : StopReason.EndTurn);
    }

    private void ReadMessage(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsObject()) return;
        string? text = null, thinking = null;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("content"u8)) text = json.NextString();
            else if (json.ValueTextEquals("thinking"u8)) thinking = json.NextString();
            else if (json.ValueTextEquals("tool_calls"u8))
            {
                Reasoning(thinking);
                Text(text);
                text = thinking = null;
                ReadCalls(ref json, payload);
            }
            else json.Skip();
        }

        Reasoning(thinking);
        Text(text);
    }

    private void ReadCalls(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray()) return;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType == JsonTokenType.StartObject) ReadCall(ref json, payload);
            else json.Skip();
        }
    }

    private void ReadCall(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        string? id = null, name = null, arguments = null;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("id"u8)) id = json.NextString();
            else if (json.ValueTextEquals("function"u8))
            {
                if (!json.NextIsObject()) continue;
                while (json.NextProperty())
                {
                    if (json.ValueTextEquals("name"u8)) name = json.NextString();
                    else if (json.ValueTextEquals("arguments"u8)) arguments = NextArguments(ref json, payload);
                    else json.Skip();
                }
            }
            else json.Skip();
        }

        if (string.IsNullOrEmpty(name)) return;
        EndReasoning(null);
        var call = calls.Add(id, name);
        Start(call);
        Append(call, arguments);
        if (!TryFinish(call)) Fail(Failures.BadToolCall(call.Name));
    }

    private static string? NextArguments(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) return json.StringHere();
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return Encoding.UTF8.GetString(payload[start..(int)json.BytesConsumed]);
    }
}
