using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using ChatOptions = Plue.Server.Messages.ChatOptions;
using ModelChoice = Plue.Server.Messages.ModelChoice;

namespace Plue.Server.Rpc;

/// <summary>What <c>codex/update</c> asks of a chat, checked: by its own parameters, and in <c>set</c> and <c>append</c> by the names that the template gives.</summary>
internal static class ChatUpdate
{
    private const int LongestTag = 64;
    private const int LongestPath = 4096;
    private const int MostItems = 200;
    private const string MessagesField = "messages";

    private static readonly string[] Names =
        ["title", "provider_ref", "model", "temperature", "max_tokens", "stop_sequences", "reasoning_level", "tags", "pinned", "archived", "context_files"];

    private static readonly string[] Lists = [MessagesField, "tags", "context_files", "stop_sequences"];

    /// <exception cref="FailureException">MissingField: no such field, or a value that it cannot have.</exception>
    public static ChatFields Fields(CodexUpdateParams parameters, StoredChat chat)
    {
        var fields = new ChatFields(parameters.Title, parameters.Archived, parameters.ProviderId, ModelFor(parameters.ProviderId, parameters.Model), Fallbacks(parameters.Fallbacks), Options(parameters.Options))
        {
            Pinned = parameters.Pinned,
            Tags = parameters.Tags is { } tags ? Tags(tags) : null,
            ContextFiles = parameters.ContextFiles is { } files ? Files(files) : null,
        };
        foreach (var (name, value) in parameters.Set ?? new Dictionary<string, JsonElement>()) { fields = Set(fields, name, value, chat); }
        foreach (var (name, value) in parameters.Append ?? new Dictionary<string, JsonElement>()) { fields = Append(fields, name, value, chat); }

        Check(fields.Options);
        return fields;
    }

    /// <summary>The messages to be added, as if they were sent.</summary>
    /// <exception cref="FailureException">MissingField: not of the form of a message.</exception>
    public static IReadOnlyList<Draft> Messages(CodexUpdateParams parameters) =>
        parameters.Append?.TryGetValue(MessagesField, out var messages) != true ? []
        : messages.ValueKind == JsonValueKind.Array ? [.. messages.EnumerateArray().Select(Message)] : [Message(messages)];

    private static ChatFields Set(ChatFields fields, string name, JsonElement value, StoredChat chat)
    {
        var options = fields.Options ?? chat.Options;
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (name)
        {
            case "title": return fields with { Title = Text(name, value) ?? "" };
            case "provider_ref":
                var provider = ProviderOf(Text(name, value));
                return fields with { ProviderId = provider, Model = ModelFor(provider, fields.Model) };
            case "model": return fields with { Model = Text(name, value) ?? "" };
            case "temperature": return fields with { Options = options with { Temperature = isNull ? null : Number(name, value) } };
            case "max_tokens": return fields with { Options = options with { MaxTokens = isNull ? null : Whole(name, value) } };
            case "stop_sequences": return fields with { Options = options with { StopSequences = isNull ? null : Texts(name, value) } };
            case "reasoning_level": return fields with { Options = options with { ReasoningLevel = Text(name, value) is { Length: > 0 } level ? level : null } };
            case "tags": return fields with { Tags = isNull ? [] : Tags(Texts(name, value)) };
            case "context_files": return fields with { ContextFiles = isNull ? [] : Files(Texts(name, value)) };
            case "pinned": return fields with { Pinned = !isNull && YesOrNo(name, value) };
            case "archived": return fields with { Archived = !isNull && YesOrNo(name, value) };
            case MessagesField: throw Wrong("Messages of a chat are added, never replaced: put them into append.");
            default: throw Wrong($"A chat has no field `{name}`.{NearestName.Hint(name, Names)}");
        }
    }

    private static ChatFields Append(ChatFields fields, string name, JsonElement value, StoredChat chat)
    {
        var options = fields.Options ?? chat.Options;
        return name switch
        {
            MessagesField => fields,
            "tags" => fields with { Tags = Tags([.. fields.Tags ?? chat.Tags, .. Texts(name, value)]) },
            "context_files" => fields with { ContextFiles = Files([.. fields.ContextFiles ?? chat.ContextFiles, .. Texts(name, value)]) },
            "stop_sequences" => fields with { Options = options with { StopSequences = [.. options.StopSequences ?? [], .. Texts(name, value)] } },
            _ => throw Wrong(Names.Contains(name) ? $"`{name}` is no list: put it into set." : $"A chat has no list `{name}`.{NearestName.Hint(name, Lists)}"),
        };
    }

    private static Draft Message(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
        {
            throw Wrong("A message to add is {role, content}, with a text as its content.");
        }

        var role = value.TryGetProperty("role", out var given) ? Text("role", given) ?? "" : "user";
        return new Draft(content.GetString() ?? "")
        {
            Role = role switch
            {
                "user" => Server.Messages.MessageRole.User,
                "assistant" => Server.Messages.MessageRole.Assistant,
                _ => throw Wrong($"A message to add is of the role user or assistant, not \"{role}\"."),
            },
        };
    }

    /// <summary>Another provider has other models: the old choice goes with it unless a new one came.</summary>
    private static string? ModelFor(string? providerId, string? model) => model ?? (providerId is null ? null : "");

    private static string ProviderOf(string? reference)
    {
        if (string.IsNullOrEmpty(reference)) { return ""; }
        if (CodexUri.TryParse(reference, out var uri) && uri.Collection == CodexCollection.Providers) { return uri.Name; }

        throw Wrong($"\"{reference}\" is not the address of a provider: write codex://providers/NAME.");
    }

    /// <summary>A provider that is not there yet may be named; it is passed over until it is.</summary>
    private static IReadOnlyList<ModelChoice>? Fallbacks(IReadOnlyList<Protocol.ModelChoice>? choices)
    {
        if (choices is null) { return null; }
        if (choices.FirstOrDefault(choice => !CodexUri.TryOf(CodexCollection.Providers, choice.ProviderId, out _)) is { } wrong)
        {
            throw Wrong($"\"{wrong.ProviderId}\" is not the name of a provider.");
        }

        return [.. choices.Select(choice => new ModelChoice(choice.ProviderId, string.IsNullOrWhiteSpace(choice.Model) ? null : choice.Model)).Distinct()];
    }

    private static ChatOptions? Options(Protocol.ChatOptions? options) => options is null ? null : new ChatOptions(
        options.Temperature, options.MaxTokens, options.StopSequences is { Count: > 0 } stops ? stops : null, string.IsNullOrWhiteSpace(options.ReasoningLevel) ? null : options.ReasoningLevel);

    private static void Check(ChatOptions? options)
    {
        if (options?.Temperature is < 0 or > 2) { throw Wrong("The temperature is a number from 0 to 2."); }
        if (options?.MaxTokens is < 1) { throw Wrong("The longest answer is at least one token."); }
        if (options?.StopSequences?.Any(string.IsNullOrEmpty) == true) { throw Wrong("A stop sequence cannot be empty."); }
    }

    private static IReadOnlyList<string> Tags(IReadOnlyList<string> tags)
    {
        if (tags.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Trim().Length > LongestTag || tag.Any(char.IsControl)))
        {
            throw Wrong($"A tag is one line of up to {LongestTag} characters.");
        }

        return Capped("tags", [.. tags.Select(tag => tag.Trim()).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    private static IReadOnlyList<string> Files(IReadOnlyList<string> paths) =>
        paths.Any(path => string.IsNullOrWhiteSpace(path) || path.Length > LongestPath || path.Contains('\0', StringComparison.Ordinal))
            ? throw Wrong("A file in context is named by its path.")
            : Capped("files in context", [.. paths.Distinct(StringComparer.Ordinal)]);

    private static IReadOnlyList<string> Capped(string what, IReadOnlyList<string> items) =>
        items.Count <= MostItems ? items : throw Wrong($"A chat has at most {MostItems} {what}.");

    /// <returns>Null for null.</returns>
    private static string? Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => throw Wrong($"`{name}` is a text."),
    };

    private static double Number(string name, JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong($"`{name}` is a number.");

    private static int Whole(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Wrong($"`{name}` is a whole number.");

    private static bool YesOrNo(string name, JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong($"`{name}` is true or false.");

    /// <summary>One text stands for a list of it.</summary>
    private static IReadOnlyList<string> Texts(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString() ?? ""],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString() ?? "")],
        _ => throw Wrong($"`{name}` is a list of texts."),
    };

    private static FailureException Wrong(string sentence) => new(FailureKind.MissingField, sentence);
}
