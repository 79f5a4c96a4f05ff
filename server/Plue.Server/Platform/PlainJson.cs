using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plue.Server.Platform;

/// <summary>JSON in which letters beyond ASCII are not escaped.</summary>
internal static class PlainJson
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
