// Follows a queue by WebSocket, across lost connections and reloads of the page, and misses no message.
//
//     follow('ws://127.0.0.1:9000', 'demo', 'orders', (body) => console.log(body));
//
// Where it was is kept in the browser's storage of this tab. It ends when somebody deletes the subscription.

// Somebody wants the subscription to be gone. It is not for the page to bring it back.
const WANTED_ENDS = ['deleted', 'purged'];

function follow(url, project, queue, onMessage, onStatus = () => {}) {
  const place = `marker of ${queue} at ${url}`;
  const headers = { 'Client-ID': clientId(), 'X-Project-ID': project };
  let pause = 1000;

  function connect() {
    const socket = new WebSocket(url);
    const subscribe = () => {
      const body = { queue_name: queue, ttl: 24 * 3600 };
      const marker = sessionStorage.getItem(place);
      if (marker !== null) body.marker = marker;
      socket.send(JSON.stringify({ action: 'subscription_create', headers, body }));
    };
    socket.onopen = subscribe;
    socket.onmessage = (event) => {
      const content = JSON.parse(event.data);
      if (content.Message_Type === 'Notification') {
        onMessage(content.body);
        sessionStorage.setItem(place, content.marker);
      } else if (content.Message_Type === 'SubscriptionEnded') {
        sessionStorage.setItem(place, content.marker);
        if (WANTED_ENDS.includes(content.code)) {
          socket.onclose = null;
          socket.close();
          onStatus(`ended: ${content.reason}`);
        } else {
          onStatus(`subscribing again: ${content.reason}`);
          subscribe();
        }
      } else if (content.headers.status === 201) {
        pause = 1000;
        onStatus(`following ${queue}`);
      } else {
        onStatus(`refused: ${JSON.stringify(content.body)}`);
      }
    };
    socket.onclose = () => {
      onStatus('connecting again');
      setTimeout(connect, pause);
      pause = Math.min(2 * pause, 30000);
    };
  }
  connect();
}

// Not crypto.randomUUID(): only pages from https have that.
function clientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
