using System.Collections;
using System.Globalization;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Codices;

/// <summary>Converts a chat to the values of its template's fields.</summary>
internal static class ChatValues
{
    /// <summary>Gets the fields that the chat itself defines.</summary>
    public static Json5Object Own(StoredChat chat)
    {
        List<(string, Json5Node)> values = [];
        void Add(string name, Json5Node? value)
        {
            if (value is not null)
            {
                values.Add((name, value));
            }
        }

        Add(
            "provider_ref",
            chat.ProviderId is { } provider ? new Json5String(CodexUri.Of(CodexCollection.Providers, provider).ToString()) : null
        );
        Add("model", chat.Model is { } model ? new Json5String(model) : null);
        Add("context_files", chat.ContextFiles.Count == 0 ? null : Json5Array.Of(chat.ContextFiles));
        Add("temperature", chat.Options.Temperature is { } temperature ? new Json5Number(temperature) : null);
        Add("max_tokens", chat.Options.MaxTokens is { } tokens ? new Json5Number(tokens) : null);
        Add("stop_sequences", chat.Options.StopSequences is { } stops ? Json5Array.Of(stops) : null);
        Add("reasoning_level", chat.Options.ReasoningLevel is { } level ? new Json5String(level) : null);
        foreach (var (name, value) in chat.Values)
        {
            Add(name, Json5Conversion.ToJson5(value));
        }

        return Json5Object.Of(values);
    }

    /// <summary>Gets the model options in these values.</summary>
    public static ChatOptions OptionsOf(Json5Object values) =>
        new(
            values.GetNumber("temperature"),
            values.GetInteger("max_tokens"),
            values.GetStrings("stop_sequences") is { Count: > 0 } stops ? stops : null,
            values.GetString("reasoning_level")
        );

    public static IReadOnlyList<string> PromptNames { get; } = ["title", "tags", "pinned", "archived", "messages"];

    /// <summary>Gets the values for prompts: fields, title, tags and messages.</summary>
    /// <param name="next">A message that is about to be added.</param>
    public static Json5Object PromptValues(StoredChat chat, Message? next = null) =>
        Json5Object.Of(
            ("title", new Json5String(chat.Title)),
            ("tags", Json5Array.Of(chat.Tags)),
            ("pinned", new Json5Boolean(chat.Pinned)),
            ("archived", new Json5Boolean(chat.Archived)),
            ("messages", new Json5Array(new MessageNodes(chat.Messages, next)))
        );

    /// <summary>Creates the values of messages on demand: a hook that reads the last of ten thousand messages creates only one.</summary>
    private sealed class MessageNodes(IReadOnlyList<Message> messages, Message? next) : IReadOnlyList<Json5Node>
    {
        public int Count => messages.Count + (next is null ? 0 : 1);

        public Json5Node this[int index]
        {
            get
            {
                var message = index == messages.Count && next is not null ? next : messages[index];
                return Json5Object.Of(
                    ("role", new Json5String(message.Role.ToString().ToLowerInvariant())),
                    ("content", new Json5String(message.Text)),
                    ("timestamp", new Json5String(message.CreatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)))
                );
            }
        }

        public IEnumerator<Json5Node> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
