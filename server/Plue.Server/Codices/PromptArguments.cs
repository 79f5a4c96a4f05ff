using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>An argument of a prompt that is invoked as a command.</summary>
internal sealed record PromptArgument(string Name, string? Description, bool IsOptional);

/// <summary>Reads <c>arguments: [topic, "tone?: Tone of the text"]</c> from the front matter of a prompt.</summary>
internal static class PromptArguments
{
    public const string Field = "arguments";

    /// <summary>Arguments that the editor provides.</summary>
    public const string Selection = "selection";
    public const string File = "file";
    private const int MaxArguments = 20;
    private const int MaxNameLength = 40;

    /// <summary>Returns the valid arguments; errors are added to <paramref name="problems"/>.</summary>
    public static IReadOnlyList<PromptArgument> Read(Json5Object frontMatter, List<DocumentProblem>? problems = null)
    {
        if (frontMatter.FindMember(Field) is not { } member || member.Value is Json5String { Value: "" })
        {
            return [];
        }

        var items = member.Value is Json5Array list ? list.Items : [member.Value];
        if (items.Count > MaxArguments)
        {
            problems?.Add(DocumentProblem.Error($"A prompt can have at most {MaxArguments} arguments.", member.NameSpan));
        }

        List<PromptArgument> arguments = [];
        foreach (var item in items.Take(MaxArguments).OfType<Json5String>())
        {
            var at = item.Span.Line > 0 ? item.Span : member.NameSpan;
            if (Of(item.Value) is not { } argument)
            {
                problems?.Add(
                    DocumentProblem.Error(
                        "An argument is a name of letters, digits and _, followed by ? if it is optional, and a description after a colon: `tone?: Tone of the text`.",
                        at
                    )
                );
            }
            else if (argument.Name is Selection or File)
            {
                problems?.Add(DocumentProblem.Warning($"`{argument.Name}` is provided by the editor. Remove it here.", at));
            }
            else if (arguments.Any(other => other.Name == argument.Name))
            {
                problems?.Add(DocumentProblem.Error($"`{argument.Name}` is there twice.", at));
            }
            else
            {
                arguments.Add(argument);
            }
        }

        return arguments;
    }

    private static PromptArgument? Of(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = (colon < 0 ? text : text[..colon]).Trim();
        var isOptional = name.EndsWith('?');
        if (isOptional)
        {
            name = name[..^1];
        }

        var isName =
            name.Length is > 0 and <= MaxNameLength
            && (char.IsAsciiLetter(name[0]) || name[0] == '_')
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var description = colon < 0 ? "" : text[(colon + 1)..].Trim();
        return isName ? new PromptArgument(name, description.Length == 0 ? null : description, isOptional) : null;
    }
}
