using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Replaces <c>{{field}}</c> in hook values with values of the codex, as in a prompt.</summary>
internal static class HookValues
{
    /// <summary>Fills all strings of a value. A string that is a single placeholder becomes the field's value itself, such as a number or list.</summary>
    public static Json5Node Fill(Json5Node value, Json5Object values) =>
        value switch
        {
            Json5String { Value: ['{', '{', .. var path, '}', '}'] } when ValuePath.TryParse(path.Trim()) is { } whole => whole.Find(values)
                ?? new Json5String(""),
            Json5String text => new Json5String(Fill(text.Value, values)),
            Json5Array array => Json5Array.Of(array.Items.Select(item => Fill(item, values))),
            Json5Object inner => Json5Object.Of(inner.Members.Select(member => (member.Name, Fill(member.Value, values)))),
            _ => value,
        };

    public static string Fill(string text, Json5Object values) => PromptPlaceholders.Fill(text, values).Text;
}
