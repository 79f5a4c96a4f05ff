using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Acp;

/// <summary>The slash commands of a session: the user's prompts and skills, and the commands of an agent that responds.</summary>
internal sealed partial class AgentCommands(CodexServices codices, ProviderRegistry providers)
{
    private const int MaxCommands = 200;

    public void Write(Utf8JsonWriter writer, StoredChat chat)
    {
        writer.WriteStartArray("availableCommands"u8);
        foreach (var (name, description, hint) in List(chat).DistinctBy(command => command.Name, StringComparer.Ordinal).Take(MaxCommands))
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, name);
            writer.WriteString("description"u8, description);
            if (hint is not null)
            {
                writer.WriteStartObject("input"u8);
                writer.WriteString("hint"u8, hint);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Replaces <c>/NAME arguments</c> for a prompt with its text. The sidecar adds skills itself, and agents know their commands.</summary>
    public string Expand(string text, StoredChat chat)
    {
        if (Command().Match(text) is not { Success: true } match || Find(match.Groups["name"].Value) is not { } prompt)
        {
            return text;
        }

        var (_, filled) = codices.Instructions.Command(chat, prompt.Uri.ToString());
        var rest = match.Groups["arguments"].Value.Trim();
        var expanded = new StringBuilder();
        var at = 0;
        foreach (var hole in filled.Holes)
        {
            expanded.Append(filled.Text, at, hole.Start - at);
            at = hole.Start + hole.Length;
            if (prompt.Arguments.Any(argument => argument.Name == hole.Name))
            {
                expanded.Append(ArgumentOf(prompt, hole.Name, rest));
            }
        }

        expanded.Append(filled.Text, at, filled.Text.Length - at);
        return prompt.Arguments.Count > 0 || rest.Length == 0 ? expanded.ToString() : $"{expanded.ToString().TrimEnd()}\n\n{rest}";
    }

    private IEnumerable<(string Name, string Description, string? Hint)> List(StoredChat chat)
    {
        foreach (var prompt in codices.Prompts.List().Select(uri => Find(uri.Name)).OfType<Prompt>())
        {
            var hint = string.Join(' ', prompt.Arguments.Select(argument => argument.IsOptional ? $"[{argument.Name}]" : argument.Name));
            yield return (prompt.Uri.Name, prompt.Description ?? "Prompt", hint.Length == 0 ? null : hint);
        }

        foreach (var skill in codices.Skills.List().Where(one => one.IsForUser).Select(one => one.Skill))
        {
            yield return (skill.Name, skill.ShownDescription, skill.Head.ArgumentHint);
        }

        if (chat.ProviderId is { } id && providers.Find(id) is { Settings: { Enabled: true, Capabilities.IsAgent: true }, Fault: null })
        {
            foreach (var command in providers.Get(id).Commands)
            {
                yield return (command.Name, command.Description ?? "", command.Hint);
            }
        }
    }

    /// <summary>Finds a prompt of the user; shipped prompts are instructions for agents.</summary>
    private Prompt? Find(string name) =>
        CodexUri.TryOf(CodexCollection.Prompts, name, out var uri) && Read(uri) is { Layer: not TemplateLayer.Shipped } prompt
            ? prompt
            : null;

    private Prompt? Read(CodexUri uri)
    {
        try
        {
            return codices.Prompts.Find(uri);
        }
        catch (FailureException)
        {
            // It cannot be read; its editor page shows the error.
            return null;
        }
    }

    /// <summary>Gets one word per argument; the last argument gets the rest.</summary>
    private static string ArgumentOf(Prompt prompt, string name, string rest)
    {
        var words = rest.Split(' ', prompt.Arguments.Count, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var at = prompt.Arguments.ToList().FindIndex(argument => argument.Name == name);
        return at < words.Length ? words[at] : "";
    }

    [GeneratedRegex(
        @"^\s*/(?<name>[A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:\s+(?<arguments>.*))?$",
        RegexOptions.Singleline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Command();
}
