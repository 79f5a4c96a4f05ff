using System.Text.Json;

namespace Plue.Server.Cli;

/// <summary>A field's value as it is typed into a shell: JSON, or text.</summary>
internal static class FieldValue
{
    public static JsonElement Of(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return JsonElement.Parse($"\"{JsonEncodedText.Encode(text)}\"");
        }
    }
}
