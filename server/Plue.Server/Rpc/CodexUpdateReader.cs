using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using ChatOptions = Plue.Server.Messages.ChatOptions;
using ModelChoice = Plue.Server.Messages.ModelChoice;

namespace Plue.Server.Rpc;

/// <summary>Reads the changes of a chat or task in <c>codex/update</c>, and validates <c>set</c> and <c>append</c> by the fields of the template.</summary>
internal static class CodexUpdateReader
{
    /// <exception cref="FailureException">MissingField: no such field, or an invalid value. PermissionDenied: a literal secret.</exception>
    public static ChatFields Fields(CodexUpdateParams parameters, StoredChat chat, Template? template)
    {
        var fields = new ChatFields(
            parameters.Title,
            parameters.Archived,
            parameters.ProviderId,
            ModelFor(parameters.ProviderId, parameters.Model),
            Fallbacks(parameters.Fallbacks),
            Options(parameters.Options)
        )
        {
            Pinned = parameters.Pinned,
            Tags = parameters.Tags is { } tags ? ChannelFields.TagsOf(tags) : null,
            ContextFiles = parameters.ContextFiles is { } files ? ChannelFields.FilesOf(files) : null,
        };
        foreach (var (name, value) in parameters.Set ?? new Dictionary<string, JsonElement>())
        {
            fields = ChannelFields.Set(fields, name, value, chat, template);
        }
        foreach (var (name, value) in parameters.Append ?? new Dictionary<string, JsonElement>())
        {
            fields = ChannelFields.Append(fields, name, value, chat, template);
        }

        ChannelFields.Check(fields, parameters.Set, template);
        return fields;
    }

    /// <summary>Returns the appended messages as drafts.</summary>
    /// <exception cref="FailureException">MissingField: a message is malformed.</exception>
    public static IReadOnlyList<Draft> Messages(CodexUpdateParams parameters) =>
        parameters.Append?.TryGetValue(ChannelFields.Messages, out var messages) != true ? []
        : messages.ValueKind == JsonValueKind.Array ? [.. messages.EnumerateArray().Select(Message)]
        : [Message(messages)];

    private static Draft Message(JsonElement value)
    {
        if (
            value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("content", out var content)
            || content.ValueKind != JsonValueKind.String
        )
        {
            throw Wrong("A message must be {role, content}, with a string as its content.");
        }

        var role = value.TryGetProperty("role", out var given)
            ? given.ValueKind == JsonValueKind.String
                ? given.GetString()
                : ""
            : "user";
        return new Draft(content.GetString() ?? "")
        {
            Role = role switch
            {
                "user" => Server.Messages.MessageRole.User,
                "assistant" => Server.Messages.MessageRole.Assistant,
                _ => throw Wrong($"A message must have the role user or assistant, not \"{role}\"."),
            },
        };
    }

    /// <summary>Resets the model when the provider changes, unless a model is given: the models of providers differ.</summary>
    private static string? ModelFor(string? providerId, string? model) => model ?? (providerId is null ? null : "");

    /// <summary>Fallbacks may name providers that do not exist yet; they are skipped until they do.</summary>
    private static IReadOnlyList<ModelChoice>? Fallbacks(IReadOnlyList<Protocol.ModelChoice>? choices)
    {
        if (choices is null)
        {
            return null;
        }
        if (choices.FirstOrDefault(choice => !CodexUri.TryOf(CodexCollection.Providers, choice.ProviderId, out _)) is { } wrong)
        {
            throw Wrong($"\"{wrong.ProviderId}\" is not the name of a provider.");
        }

        return
        [
            .. choices
                .Select(choice => new ModelChoice(choice.ProviderId, string.IsNullOrWhiteSpace(choice.Model) ? null : choice.Model))
                .Distinct(),
        ];
    }

    private static ChatOptions? Options(Protocol.ChatOptions? options) =>
        options is null
            ? null
            : new ChatOptions(
                options.Temperature,
                options.MaxTokens,
                options.StopSequences is { Count: > 0 } stops ? stops : null,
                string.IsNullOrWhiteSpace(options.ReasoningLevel) ? null : options.ReasoningLevel
            );

    private static FailureException Wrong(string sentence) => new(FailureKind.MissingField, sentence);
}
