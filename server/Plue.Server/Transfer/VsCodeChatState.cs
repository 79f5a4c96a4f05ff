using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>Restores the state of a VS Code chat from its change log: the whole state first, then values that are set, appended to lists, or deleted.</summary>
internal static class VsCodeChatState
{
    private const int MaxPath = 32;
    private const int MaxItems = 1_000_000;

    /// <exception cref="FailureException">BadRequest: the log has no state.</exception>
    public static JsonElement Replay(IEnumerable<JsonElement> lines, OmittedContent omitted)
    {
        JsonNode? state = null;
        foreach (var line in lines)
        {
            var value = line.Get("v");
            if (line.Count("kind") == 0 && value is { ValueKind: JsonValueKind.Object })
            {
                state = NodeOf(value);
            }
            else if (state is null || !Change(state, line, value))
            {
                omitted.Add(OmittedContent.Unreadable);
            }
        }

        if (state is null)
        {
            throw new FailureException(FailureKind.BadRequest, "The file has no chat: its first state is missing. Choose another.");
        }

        using var document = JsonDocument.Parse(state.ToJsonString(), new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }

    private static bool Change(JsonNode state, JsonElement line, JsonElement? value)
    {
        var path = line.Get("k")?.Items().ToList() ?? [];
        if (
            path.Count is 0 or > MaxPath
            || path[..^1].Aggregate(state, (JsonNode? at, JsonElement key) => Child(at, key)) is not { } parent
        )
        {
            return false;
        }

        return line.Count("kind") switch
        {
            1 => Set(parent, path[^1], value),
            2 when Child(parent, path[^1]) is JsonArray list => Push(list, line, value),
            2 when Child(parent, path[^1]) is null => Set(parent, path[^1], value),
            3 => parent is JsonObject holder && holder.Remove(path[^1].AsText() ?? ""),
            _ => false,
        };
    }

    private static JsonNode? Child(JsonNode? at, JsonElement key) =>
        at switch
        {
            JsonObject holder when key.AsText() is { } name => holder[name],
            JsonArray list when Index(key) is { } index && index < list.Count => list[index],
            _ => null,
        };

    private static bool Set(JsonNode parent, JsonElement key, JsonElement? value)
    {
        switch (parent)
        {
            case JsonObject holder when key.AsText() is { } name:
                holder[name] = NodeOf(value);
                return true;
            case JsonArray list when Index(key) is { } index && index <= list.Count && index < MaxItems:
                if (index == list.Count)
                {
                    list.Add(NodeOf(value));
                }
                else
                {
                    list[index] = NodeOf(value);
                }
                return true;
            default:
                return false;
        }
    }

    /// <summary>Truncates the list at <c>i</c>, if present, and appends the values.</summary>
    private static bool Push(JsonArray list, JsonElement line, JsonElement? values)
    {
        if (line.Get("i") is { } cut)
        {
            if (Index(cut) is not { } length)
            {
                return false;
            }

            while (list.Count > length)
            {
                list.RemoveAt(list.Count - 1);
            }
        }

        foreach (var value in values?.Items() ?? [])
        {
            if (list.Count >= MaxItems)
            {
                return false;
            }
            list.Add(NodeOf(value));
        }

        return true;
    }

    private static int? Index(JsonElement key) =>
        key.ValueKind == JsonValueKind.Number && key.TryGetInt32(out var index) && index >= 0 ? index : null;

    private static JsonNode? NodeOf(JsonElement? value) =>
        value switch
        {
            { ValueKind: JsonValueKind.Object } given => JsonObject.Create(given),
            { ValueKind: JsonValueKind.Array } given => JsonArray.Create(given),
            { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given => JsonValue.Create(given),
            _ => null,
        };
}
