using System.Text.Json;

namespace Plue.Server.Cli;

/// <summary>Parses the value of a field from the command line: JSON or text.</summary>
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
