using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Runs the tool calls of a model, round by round, and ends endless loops. One instance per turn.</summary>
/// <param name="maxRounds">The maximum number of model requests.</param>
internal sealed class ToolRounds(ToolRunner runner, int maxRounds = ToolRounds.MaxRounds)
{
    /// <summary>The maximum number of model requests in one turn without another limit, so that an unattended loop ends.</summary>
    public const int MaxRounds = 50;

    /// <summary>The maximum for a task whose budget has no limit of rounds.</summary>
    public const int MaxTaskRounds = 200;

    /// <summary>The number of identical calls in a row at which the last is not run.</summary>
    public const int MaxRepeats = 3;

    /// <summary>The maximum number of calls run per round.</summary>
    public const int MaxCalls = 100;

    private string? last;
    private int alike;
    private int done;

    /// <summary>Gets the result of the finish tool; null while the agent is working.</summary>
    public JsonElement? Finished { get; private set; }

    /// <summary>Gets why the model is not called again; null if it may be.</summary>
    public Failure? Over { get; private set; }

    /// <param name="contextOf">Gets the context by call id.</param>
    /// <returns>A result for each call, in order.</returns>
    public async Task<IReadOnlyList<ToolCallResult>> RunAsync(
        IReadOnlyList<ToolCall> calls,
        Toolbox tools,
        Func<string, ToolContext> contextOf,
        IToolObserver observer,
        CancellationToken cancellationToken
    )
    {
        List<ToolCall> wanted = [];
        Dictionary<string, ToolCallResult> results = new(StringComparer.Ordinal);
        foreach (var call in calls)
        {
            var refusal =
                Count(call) >= MaxRepeats ? $"This call was repeated {MaxRepeats} times in a row, so it was not run again."
                : wanted.Count == MaxCalls
                    ? $"At most {MaxCalls} calls run in one round, so this one did not run. Call it again if it is still needed."
                : null;
            if (refusal is null)
            {
                wanted.Add(call);
                continue;
            }

            results[call.ToolUseId] = new ToolCallResult(call.ToolUseId, null, refusal);
            observer.Finished(results[call.ToolUseId]);
        }

        foreach (var result in await runner.RunAsync(wanted, tools, contextOf, observer, cancellationToken))
        {
            results[result.ToolUseId] = result;
        }

        Finished = results.Values.FirstOrDefault(result => result.Finished is not null)?.Finished;
        done++;
        if (alike >= MaxRepeats)
        {
            Over = new Failure(
                FailureKind.RoundLimit,
                $"The model repeated the same call {MaxRepeats} times in a row ({calls[^1].Name}), so Plue stopped it. Tell it what to do instead, or continue."
            );
        }
        else if (done >= maxRounds)
        {
            Over = TooMany(maxRounds);
        }

        return [.. calls.Select(call => results[call.ToolUseId])];
    }

    public static Failure TooMany(int rounds) =>
        new(
            FailureKind.RoundLimit,
            $"The model was called {rounds} times for this response, so Plue stopped to ask you. All changes were kept. Continue, or tell it what to do instead."
        );

    /// <summary>Records a completed call of a program that runs its own rounds.</summary>
    public void Ended(ToolCallResult result) => Finished ??= result.Finished;

    private int Count(ToolCall call)
    {
        var key = $"{call.Name}\0{call.Raw ?? Canonical(call.Parameters)}";
        alike = key == last ? alike + 1 : 1;
        last = key;
        return alike;
    }

    /// <summary>Gets JSON independent of the order of members and whitespace. Invalid JSON is returned unchanged.</summary>
    internal static string Canonical(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.Length == 0 ? "{}" : json);
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes, PlainJson.Writing))
            {
                Write(writer, document.RootElement);
            }

            return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (JsonException)
        {
            return json;
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
